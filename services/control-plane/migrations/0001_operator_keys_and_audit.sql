-- Who may intervene. Operators are another kind of principal than tenants; keys only as hashes.
create table control_plane.operator_keys (
  id         uuid        primary key,
  -- sha256 of the whole key; the key itself is shown once and kept nowhere.
  hash       bytea       not null unique check (octet_length(hash) = 32),
  label      text        not null,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz
);

-- Who did what, when, why, and what it changed. An intervention's row is written in the transaction of its events.
create table control_plane.audit (
  id         uuid        primary key,
  at         timestamptz not null default clock_timestamp(),
  operator   uuid        not null,
  action     text        not null,
  generation uuid,
  reason     text        not null,
  request    jsonb       not null,
  -- Versions and state that the operator's decision was made on.
  before     jsonb       not null,
  -- Version that it led to, and the events that it became.
  after      jsonb       not null
);
create index audit_order on control_plane.audit (at desc, id desc);
create index audit_of_generation on control_plane.audit (generation, at desc, id desc);
