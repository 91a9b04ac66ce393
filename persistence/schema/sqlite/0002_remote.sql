-- What the far end calls the thing that shows an episode: the number of a ticket. Written with the outcome that made it, and
-- given to each later row of the episode.
create table remote(
  seq integer primary key autoincrement, tenant text not null, channel text not null, alert text not null,
  episode integer not null, reference text not null);
create unique index remote_by_alert on remote(tenant, channel, alert, episode);
-- What a row's dialect wrote down at the end of an attempt, for the next one.
alter table delivery add column progress text not null default '';
