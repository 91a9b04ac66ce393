-- What a row is found by lies where it was written last, wherever it can: an id is no order, so each index that begins with
-- one is a page more for every row.
create table alert_in_order(
  tenant text not null, id text not null, instance text not null, type text not null, kind text not null, key text not null,
  label text not null, provider text not null, phase text not null, level text not null, told text, episode integer not null,
  version integer not null, why text not null, detail text not null, opened integer not null, since integer not null,
  not_before integer, resolved integer, removed integer not null, unseen_since integer, masks integer not null,
  snoozed_until integer, parent text, settling integer not null, first_sight integer not null, flapping integer not null,
  drill integer not null, changes text not null, current text not null, ack_by text, ack_via text, ack_at integer,
  ack_episode integer, reminded integer, targets text not null, trace text not null, ladder text not null default '',
  escalation text not null default '', backed_up integer not null default 0,
  primary key(id, tenant)) without rowid;
insert into alert_in_order select * from alert;
drop table alert;
alter table alert_in_order rename to alert;
create index alert_by_time on alert(opened);
create index alert_by_tenant on alert(tenant, opened);
create index alert_open on alert(tenant, instance) where phase <> 'resolved';

-- A row's line is looked for among its alert's rows, from the oldest open one of its channel on.
drop index delivery_line;
create index delivery_open on delivery(tenant, channel) where state in ('pending', 'claimed');
-- Attempts are found by the seq of their delivery.
alter table attempt add column row integer not null default 0;
update attempt set row = coalesce((select d.seq from delivery d where d.id = attempt.delivery and d.tenant = attempt.tenant), 0);
drop index attempt_by_delivery;
create index attempt_by_row on attempt(row, number);
