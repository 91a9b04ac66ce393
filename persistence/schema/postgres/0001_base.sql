-- The schema as SQLite has it after its own steps: names of enumerators are text, times are microseconds since 1970 UTC. Texts
-- compare byte by byte, as everywhere else in ringdown.
-- Statements are planned once, also while there is nothing here yet: then all indexes look the same to the server, and those for what
-- is rare look best for ever. So an index that could be taken for another one's work has a condition that only its own
-- statements say word by word, though it always holds (seq > 0, (..) is true).
-- version counts these steps; what knows fewer may still work here if it knows min_compatible of them.
create domain string as text collate "C";
create table schema_step(version bigint not null, min_compatible bigint not null);
insert into schema_step values(1, 1);
-- Which transactions were written (done = 1), of those whose answer was lost; or that one never will be (done = 0).
create table commit_note(
  writer string not null, number bigint not null, done bigint not null, at timestamptz not null default now(),
  primary key(writer, number));
create function instr(whole text, part text) returns integer language sql immutable parallel safe return strpos(whole, part);

create table setting(key string primary key, value string not null);
-- By this server's clock.
create table shard(
  id integer primary key, owner string not null default '', epoch bigint not null default 0,
  lease_until timestamptz not null default '-infinity');
-- Processes that asked the register; `session` numbers the advisory lock by which each shows that it lives.
create table node(
  id string primary key, name string not null, site string not null, version string not null, capacity integer not null,
  draining boolean not null, to_drain boolean not null default false, session integer not null, server timestamptz not null,
  lease_until timestamptz not null, gone_since timestamptz);
create sequence node_session as integer cycle;
-- A tenant stays where it was placed, also when it is gone: what it wrote is under that shard's fence. So do versions of its
-- configuration go on from `configs`, so that nobody who knew the old one takes the new one for it.
create table tenant_shard(
  tenant string primary key, shard integer not null references shard(id), instances integer not null,
  configs bigint not null default 0);

create table config_document(tenant string primary key, version bigint not null);
create table config_object(
  tenant string not null, kind string not null, id string not null, managed_by string not null, body string not null,
  primary key(tenant, kind, id));
create table secret(tenant string not null, name string not null, sealed bytea not null, primary key(tenant, name));
-- An instance is unique by host and client in the whole installation.
create table instance_identity(
  host string not null, client string not null, tenant string not null, instance string not null, primary key(host, client));
create table login_budget(
  tenant string not null, instance string not null, egress string not null, failures bigint not null, paused_until bigint,
  credentials string not null,
  primary key(tenant, instance, egress));

create table instance_health(
  tenant string not null, instance string not null, reach string not null, why string not null, since bigint not null,
  blind bigint not null, starting bigint not null, version string not null, primary key(tenant, instance));
create table resource(
  tenant string not null, instance string not null, kind string not null, key string not null, label string not null, state string not null,
  since bigint not null, provider string not null, number string not null, direction string not null, role string not null,
  detail string not null, primary key(tenant, instance, kind, key));

create table alert(
  tenant string not null, id string not null, instance string not null, type string not null, kind string not null, key string not null,
  label string not null, provider string not null, phase string not null, level string not null, told string, episode bigint not null,
  version bigint not null, why string not null, detail string not null, opened bigint not null, since bigint not null,
  not_before bigint, resolved bigint, removed bigint not null, unseen_since bigint, masks bigint not null,
  snoozed_until bigint, parent string, settling bigint not null, first_sight bigint not null, flapping bigint not null,
  drill bigint not null, changes string not null, current string not null, ack_by string, ack_via string, ack_at bigint,
  ack_episode bigint, reminded bigint, targets string not null, trace string not null, ladder string not null default '',
  escalation string not null default '', backed_up bigint not null default 0,
  primary key(id, tenant));
create index alert_by_time on alert(opened);
create index alert_by_tenant on alert(tenant, opened);
create index alert_open on alert(tenant, instance) where phase <> 'resolved';

create table delivery(
  seq bigint generated by default as identity primary key,
  tenant string not null, id string not null, channel string not null, kind string not null, event string not null, alert string not null,
  episode bigint not null, version bigint not null, target string not null, step bigint not null, round bigint not null,
  level string not null, state string not null, why string not null, attempts bigint not null, handed bigint not null,
  possible_repeat bigint not null, created bigint not null, not_before bigint not null, give_up_at bigint not null,
  after string, reference string not null, answer string not null, trace string not null, content string not null,
  owner string, epoch bigint, claimed_at bigint, ended bigint, progress string not null default '');
create unique index delivery_by_id on delivery(id, tenant);
-- What a claim asks: what is due, what is held, and what stands in line before a row.
create index delivery_due on delivery(tenant, channel, not_before, seq) where state = 'pending';
create index delivery_held on delivery(tenant, channel) where state = 'claimed';
create index delivery_line on delivery(alert, tenant, channel, seq) where (state in ('pending', 'claimed')) is true;
create index delivery_by_alert on delivery(alert, tenant);
create index delivery_by_state on delivery(state) where seq > 0;
-- What a summary speaks of.
create table delivery_cover(tenant string not null, delivery string not null, alert string not null, primary key(tenant, delivery, alert));
create index delivery_cover_alert on delivery_cover(alert, tenant);
create table attempt(
  tenant string not null, delivery string not null, number bigint not null, started bigint not null, ended bigint not null,
  outcome string not null, status bigint not null, address string not null, answer string not null, row bigint not null);
create index attempt_by_row on attempt(row, number);

create table decision(
  seq bigint generated by default as identity primary key, tenant string not null, alert string not null, episode bigint not null, version bigint not null,
  event string not null, channel string not null, target string not null, deciding string not null, gates string not null, detail string not null,
  made string not null, at bigint not null);
create index decision_by_alert on decision(alert, seq);
create table mute(
  tenant string not null, scope string not null, type string not null, until bigint not null, by string not null, text string not null,
  primary key(tenant, scope, type));
create table command(
  tenant string not null, id string not null, kind string not null, alert string not null, episode bigint not null, by string not null,
  via string not null, until bigint, subject string not null, text string not null, at bigint not null, answer string, answer_text string, answer_delivery string not null default '',
  primary key(tenant, id));
create index command_open on command(tenant, alert) where answer is null;
create index command_by_id on command(id);
create table audit(
  tenant string not null, seq bigint not null, at bigint not null, actor string not null, action string not null, subject string not null,
  detail string not null, hash bytea not null, primary key(tenant, seq));
-- Where each tenant's chain ends, signed with the secrets key; the row of tenant '' counts the others.
create table audit_head(tenant string primary key, seq bigint not null, mac bytea not null);
-- How often an actor has died since it last lived long enough (S-D5).
create table crash(actor string primary key, tenant string not null, count bigint not null, last bigint not null);
-- What the far end calls the thing that shows an episode: the number of a ticket. Written with the outcome that made it, and
-- given to each later row of the episode.
create table remote(
  seq bigint generated by default as identity primary key, tenant string not null, channel string not null, alert string not null,
  episode bigint not null, reference string not null);
create unique index remote_by_alert on remote(tenant, channel, alert, episode);
-- One call each, from the wish to its end; `call` is the id of its delivery, `read` the alerts that were read out.
create table call(
  tenant string not null, call string not null, channel string not null, alert string not null, number string not null, person string not null,
  reference string not null, stage string not null, result string not null, sequence bigint, read string not null, made bigint not null,
  changed bigint not null, first bigint not null default 0, primary key(tenant, call));
create index call_by_time on call(tenant, made) where made > 0;
create index call_by_number on call(number, made);
-- One live call per number in the whole installation; `until` frees one whose end nobody told.
create table live_number(number string primary key, tenant string not null, call string not null, until bigint not null);
create table phone(
  tenant string not null, number string not null, code string not null, code_until bigint not null, tries bigint not null,
  verified bigint, primary key(tenant, number));
create table oncall(tenant string primary key, "user" string not null, by string not null, at bigint not null);
