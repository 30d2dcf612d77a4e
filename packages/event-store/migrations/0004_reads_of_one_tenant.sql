-- What the clients' API may ask of the store. Its role sees the rows of one tenant alone (row-level security, access.sql), that of
-- `darkroom.tenant`: the functions below set it for their own transaction and select, in one round trip. Never a plain SET: a
-- pooled connection would carry it into the next request.

-- What a key of one tenant was used for.
CREATE FUNCTION event_store.find_by_key(wanted_tenant text, wanted_key text)
RETURNS TABLE (stream uuid, fingerprint text, created_at timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('darkroom.tenant', wanted_tenant, true);
  RETURN QUERY
    SELECT s.id, s.fingerprint, s.created_at FROM event_store.streams s
    WHERE s.tenant = wanted_tenant AND s.idempotency_key = wanted_key COLLATE "C";
END $$;

-- One stream of one tenant in order, beyond a version; 64-bit numbers as text.
CREATE FUNCTION event_store.read_stream(wanted_tenant text, wanted_stream uuid, beyond integer)
RETURNS TABLE (tx text, "position" text, stream uuid, version integer, type text, schema_version smallint, id uuid, data jsonb,
  metadata jsonb, personal jsonb, recorded_at timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('darkroom.tenant', wanted_tenant, true);
  RETURN QUERY
    SELECT e.tx::text, e.position::text, e.stream, e.version, e.type, e.schema_version, e.id, e.data, e.metadata, e.personal,
           e.recorded_at
    FROM event_store.events e
    WHERE e.stream = wanted_stream AND e.version > beyond
      AND EXISTS (SELECT FROM event_store.streams s WHERE s.id = wanted_stream AND s.tenant = wanted_tenant)
    ORDER BY e.version;
END $$;

-- Whose a stream is: for what comes with a proof of its own that it may be seen, a vendor's callback.
CREATE FUNCTION event_store.tenant_of(wanted_stream uuid) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT s.tenant FROM event_store.streams s WHERE s.id = wanted_stream);
END $$;

-- Empties the personal part of every event of a tenant's stream; `{}` says that there was one. All else of an event is final.
CREATE FUNCTION event_store.erase_personal(wanted_tenant text, wanted_stream uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE event_store.events e SET personal = '{}'
  WHERE e.stream = wanted_stream AND e.personal IS NOT NULL AND e.personal <> '{}'
    AND EXISTS (SELECT FROM event_store.streams s WHERE s.id = wanted_stream AND s.tenant = wanted_tenant);
END $$;

-- The highest place in the log that an event or a checkpoint has.
CREATE FUNCTION event_store.highest_place() RETURNS xid8
LANGUAGE plpgsql AS $$
BEGIN
  RETURN greatest(
    (SELECT e.tx FROM event_store.events e ORDER BY e.tx DESC, e.position DESC LIMIT 1),
    (SELECT c.tx FROM event_store.checkpoints c ORDER BY c.tx DESC LIMIT 1), '0'::xid8);
END $$;
