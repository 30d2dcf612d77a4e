-- The authority on versions. Carries the create's idempotency key, so that the hot path writes one row less, and stays as a
-- tombstone when its events are archived.
CREATE TABLE event_store.streams (
  id uuid PRIMARY KEY,
  version integer NOT NULL,
  tenant text NOT NULL,
  idempotency_key text COLLATE "C",
  fingerprint text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX streams_by_key ON event_store.streams (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- The log. Ordered by (tx, position); a position alone has gaps that fill later. `personal` holds what is personal or secret:
-- NULL where the event has none, {} where it was erased. Every further index is paid on every append.
CREATE TABLE event_store.events (
  position bigint GENERATED ALWAYS AS IDENTITY,
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  stream uuid NOT NULL,
  version integer NOT NULL,
  type text NOT NULL,
  schema_version smallint NOT NULL,
  id uuid NOT NULL,
  data jsonb NOT NULL,
  metadata jsonb NOT NULL,
  personal jsonb,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream, version),
  CONSTRAINT events_in_order UNIQUE (tx, position)
);

CREATE TABLE event_store.checkpoints (
  subscription text PRIMARY KEY,
  tx xid8 NOT NULL,
  position bigint NOT NULL,
  holder text,
  fencing bigint NOT NULL DEFAULT 0,
  lease_until timestamptz
) WITH (fillfactor = 50);
