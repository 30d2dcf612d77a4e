-- A dump that is restored into another cluster brings places that lie above that cluster's transaction ids: its events would
-- be invisible, and new ones would stand before them. So a transaction's place in the log is its id above this number, which is
-- zero until the restore command sets it to the highest place that the dump brought. Every cursor that was ever given out stays
-- valid. Inlined by the planner: costs nothing.
CREATE FUNCTION event_store.tx_offset() RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 0::bigint $$;

-- Place of what this transaction writes.
CREATE FUNCTION event_store.current_tx() RETURNS xid8
LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
  SELECT (pg_current_xact_id()::text::bigint + event_store.tx_offset())::text::xid8
$$;

-- The oldest transaction that is still running has this place: readers stop before it.
CREATE FUNCTION event_store.horizon() RETURNS xid8
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + event_store.tx_offset())::text::xid8
$$;

ALTER TABLE event_store.events ALTER COLUMN tx SET DEFAULT event_store.current_tx();
