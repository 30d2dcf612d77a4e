-- Records of a topic that do not even say which event they are. A group passes over them; here is where they stand.
create table bus.refused_records (
  consumer   text        not null,
  topic      text        not null,
  partition  int         not null,
  "offset"   bigint      not null,
  reason     text        not null,
  size       int         not null,
  sha256     text        not null,
  -- The first bytes: enough to find out who wrote it.
  beginning  bytea       not null,
  refused_at timestamptz not null default clock_timestamp(),
  primary key (consumer, topic, partition, "offset")
);
