-- Who may call, and for which tenant. Plain tables of intake; keys only as hashes.
create table intake.tenants (
  id            text        primary key check (id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  title         text        not null,
  -- What a request without a model gets: `<provider>/<model>`, tried in order.
  default_route text[]      not null check (cardinality(default_route) between 1 and 8),
  created_at    timestamptz not null default clock_timestamp()
);

create table intake.api_keys (
  id         uuid        primary key,
  tenant     text        not null references intake.tenants (id),
  -- sha256 of the whole key; the key itself is shown once and kept nowhere.
  hash       bytea       not null unique check (octet_length(hash) = 32),
  label      text        not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_tenant on intake.api_keys (tenant);

-- Every change to a key is kept: who, when, what.
create table intake.api_key_audit (
  id      bigint      generated always as identity primary key,
  key     uuid        not null,
  tenant  text        not null,
  action  text        not null check (action in ('added', 'revoked')),
  actor   text        not null,
  at      timestamptz not null default clock_timestamp()
);
