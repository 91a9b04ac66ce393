-- Names of enumerators are stored as text, as they are written everywhere else; times are microseconds since 1970 UTC.
create table setting(key text primary key, value text not null) without rowid;
create table shard(id integer primary key, owner text not null, epoch integer not null);

create table config_document(tenant text primary key, version integer not null) without rowid;
create table config_object(
  tenant text not null, kind text not null, id text not null, managed_by text not null, body text not null,
  primary key(tenant, kind, id)) without rowid;
create table secret(tenant text not null, name text not null, sealed blob not null, primary key(tenant, name)) without rowid;
-- An instance is unique by host and client in the whole installation.
create table instance_identity(
  host text not null, client text not null, tenant text not null, instance text not null, primary key(host, client)) without rowid;
create table login_budget(
  tenant text not null, instance text not null, egress text not null, failures integer not null, paused_until integer,
  credentials text not null,
  primary key(tenant, instance, egress)) without rowid;

create table instance_health(
  tenant text not null, instance text not null, reach text not null, why text not null, since integer not null,
  blind integer not null, starting integer not null, version text not null, primary key(tenant, instance)) without rowid;
create table resource(
  tenant text not null, instance text not null, kind text not null, key text not null, label text not null, state text not null,
  since integer not null, provider text not null, number text not null, direction text not null, role text not null,
  detail text not null, primary key(tenant, instance, kind, key)) without rowid;

create table alert(
  tenant text not null, id text not null, instance text not null, type text not null, kind text not null, key text not null,
  label text not null, provider text not null, phase text not null, level text not null, told text, episode integer not null,
  version integer not null, why text not null, detail text not null, opened integer not null, since integer not null,
  not_before integer, resolved integer, removed integer not null, unseen_since integer, masks integer not null,
  snoozed_until integer, parent text, settling integer not null, first_sight integer not null, flapping integer not null,
  drill integer not null, changes text not null, current text not null, ack_by text, ack_via text, ack_at integer,
  ack_episode integer, reminded integer, targets text not null, trace text not null,
  primary key(tenant, id)) without rowid;
create index alert_by_id on alert(id);
create index alert_by_time on alert(opened);
create index alert_open on alert(tenant, instance) where phase <> 'resolved';

create table delivery(
  seq integer primary key autoincrement,
  tenant text not null, id text not null, channel text not null, kind text not null, event text not null, alert text not null,
  episode integer not null, version integer not null, target text not null, step integer not null, round integer not null,
  level text not null, state text not null, why text not null, attempts integer not null, handed integer not null,
  possible_repeat integer not null, created integer not null, not_before integer not null, give_up_at integer not null,
  after text, reference text not null, answer text not null, trace text not null, content text not null,
  owner text, epoch integer, claimed_at integer, ended integer);
create unique index delivery_by_id on delivery(tenant, id);
create index delivery_id on delivery(id);
-- What a claim asks: what is due, what is held, and what stands in line before a row.
create index delivery_due on delivery(tenant, channel, not_before, seq) where state = 'pending';
create index delivery_held on delivery(tenant, channel) where state = 'claimed';
create index delivery_line on delivery(tenant, channel, alert, target, seq) where state in ('pending', 'claimed');
create index delivery_by_alert on delivery(alert, tenant);
create index delivery_by_state on delivery(state);
-- What a summary speaks of.
create table delivery_cover(tenant text not null, delivery text not null, alert text not null, primary key(tenant, delivery, alert)) without rowid;
create index delivery_cover_alert on delivery_cover(alert, tenant);
create table attempt(
  tenant text not null, delivery text not null, number integer not null, started integer not null, ended integer not null,
  outcome text not null, status integer not null, address text not null, answer text not null);
create index attempt_by_delivery on attempt(delivery, number);

create table decision(
  seq integer primary key autoincrement, tenant text not null, alert text not null, episode integer not null, version integer not null,
  event text not null, channel text not null, target text not null, deciding text not null, gates text not null, detail text not null,
  made text not null, at integer not null);
create index decision_by_alert on decision(alert, seq);
create table mute(
  tenant text not null, scope text not null, type text not null, until integer not null, by text not null, text text not null,
  primary key(tenant, scope, type)) without rowid;
create table command(
  tenant text not null, id text not null, kind text not null, alert text not null, episode integer not null, by text not null,
  via text not null, until integer, subject text not null, text text not null, at integer not null, answer text, answer_text text,
  primary key(tenant, id)) without rowid;
create index command_open on command(tenant, alert) where answer is null;
create table audit(
  tenant text not null, seq integer not null, at integer not null, actor text not null, action text not null, subject text not null,
  detail text not null, hash blob not null, primary key(tenant, seq)) without rowid;
-- Where each tenant's chain ends, signed with the secrets key; the row of tenant '' counts the others.
create table audit_head(tenant text primary key, seq integer not null, mac blob not null) without rowid;
-- How often an actor has died since it last lived long enough (S-D5).
create table crash(actor text primary key, tenant text not null, count integer not null, last integer not null) without rowid;
