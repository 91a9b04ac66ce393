-- Which shard each tenant belongs to, also when it is gone. A node that runs alone has one.
create table tenant_shard(tenant text primary key, shard integer not null, instances integer not null) without rowid;
insert into tenant_shard select d.tenant, 0,
  (select count(*) from config_object c where c.tenant = d.tenant and c.kind = 'instance') from config_document d;

-- The row made for who asked, who may have asked another node.
alter table command add column answer_delivery text not null default '';
-- A verdict is looked for by the command alone.
create index command_by_id on command(id);
