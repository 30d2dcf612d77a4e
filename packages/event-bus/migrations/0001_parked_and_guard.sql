-- One row per stream that a consumer could not get past. The events themselves stay in the store and are read again from there.
create table bus.parked (
  consumer      text        not null,
  stream        uuid        not null,
  -- First event that was not handled.
  version       int         not null,
  event_id      uuid        not null,
  event_type    text        not null,
  -- Newest event known to queue behind it.
  last_version  int         not null,
  error         jsonb       not null,
  attempts      int         not null,
  parked_at     timestamptz not null default clock_timestamp(),
  last_tried_at timestamptz not null default clock_timestamp(),
  next_try_at   timestamptz not null,
  primary key (consumer, stream),
  check (last_version >= version and attempts > 0)
);
create index parked_due on bus.parked (consumer, next_try_at);

-- For handlers whose effect has no row of its own that could carry the stream's version.
create table bus.guard (
  consumer text not null,
  stream   uuid not null,
  version  int  not null,
  primary key (consumer, stream)
) with (fillfactor = 80);
