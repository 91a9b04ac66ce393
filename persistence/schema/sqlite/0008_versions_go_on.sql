-- How many configurations each tenant has had: versions of one that was removed and applied again go on from there, so that nobody who
-- knew the old one takes the new one for it.
alter table tenant_shard add column configs integer not null default 0;
update tenant_shard set configs = coalesce((select d.version from config_document d where d.tenant = tenant_shard.tenant), 0);
