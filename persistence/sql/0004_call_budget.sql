-- How often a number was rung lately, by whatever tenant.
create index call_by_number on call(number, made);
