-- One index finds a delivery with its tenant and without: each that is left out is a page less for every row written.
drop index delivery_by_id;
drop index delivery_id;
create unique index delivery_by_id on delivery(id, tenant);
