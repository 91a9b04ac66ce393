-- What has to be done to a database of ringdown that was put back to an earlier state, from a dump or to a point in time, before
-- a node may work on it: docs/operating.md, "Backup and restore of PostgreSQL". While no node runs, as the server's user, who sees
-- everybody's sessions:
--   sudo -u postgres psql --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction --dbname=NAME --file=after-restore.sql
-- It is what `ringdownctl restore` does to SQLite (persistence/sqlite/open.cpp).

-- Somebody else here is a node that was not stopped, and would go on with what it remembers.
do $$
declare
  others text := (select string_agg(application_name || ' from ' || coalesce(host(client_addr), 'this machine'), ', ')
                  from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend');
begin
  if others is not null then
    raise exception 'stop them first: %', others;
  end if;
end
$$;

-- Nobody owns anything, and whoever still believes to is refused: no epoch of the time that was lost comes again.
update shard set owner = '', epoch = epoch + 1000000, lease_until = '-infinity';
-- Yesterday's pages are not sent again.
update delivery set state = 'suppressed', why = 'superseded', ended = (extract(epoch from clock_timestamp()) * 1000000)::bigint,
  owner = null, epoch = null, claimed_at = null
  where state in ('pending', 'claimed') and kind = 'interrupt';
-- Nobody is called about the past: ladders begin anew with what the PBXes say now.
delete from live_number;
update call set stage = 'ended', result = 'cancelled' where stage <> 'ended';
update alert set ladder = '', escalation = '';
-- What was known of the PBXes is asked anew.
update resource set state = 'unknown';
update instance_health set reach = 'unknown', why = 'none', blind = 0, starting = 0;
insert into setting(key, value)
  values ('restored', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
  on conflict (key) do update set value = excluded.value;
-- Keys of deliveries are made from this too: far ends remember those of the time that was lost.
insert into setting(key, value) values ('lineage', replace(gen_random_uuid()::text, '-', ''))
  on conflict (key) do update set value = excluded.value;
