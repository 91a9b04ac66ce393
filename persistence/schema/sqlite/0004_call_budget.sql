-- The first ring of its alert's ladder.
alter table call add column first integer not null default 0;
-- How often a number was rung lately, by whatever tenant.
create index call_by_number on call(number, made);
