-- What goes on for an alert until somebody has it, as one line of key=value each; empty: nothing does.
alter table alert add column ladder text not null default '';
alter table alert add column escalation text not null default '';
alter table alert add column backed_up integer not null default 0;

-- One call each, from the wish to its end; `call` is the id of its delivery, `read` the alerts that were read out.
create table call(
  tenant text not null, call text not null, channel text not null, alert text not null, number text not null, person text not null,
  reference text not null, stage text not null, result text not null, sequence integer, read text not null, made integer not null,
  changed integer not null, primary key(tenant, call)) without rowid;
create index call_by_time on call(tenant, made);
-- One live call per number in the whole installation; `until` frees one whose end nobody told.
create table live_number(number text primary key, tenant text not null, call text not null, until integer not null) without rowid;
create table phone(
  tenant text not null, number text not null, code text not null, code_until integer not null, tries integer not null,
  verified integer, primary key(tenant, number)) without rowid;
create table oncall(tenant text primary key, user text not null, by text not null, at integer not null) without rowid;
