-- Locks the streams of a batch, in the order of their hash. Must be the transaction's first work: a transaction that wrote
-- before it waited owns an xid older than that of the writer it waited for, and its event would be read before that one's.
CREATE FUNCTION event_store.lock_streams(streams uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  wanted bigint[];
  held integer;
  h bigint;
BEGIN
  SELECT array_agg(hash ORDER BY hash) INTO wanted
  FROM (SELECT DISTINCT hashtextextended('stream:' || s::text, 0) AS hash FROM unnest(streams) s) hashes;
  IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    SELECT count(*) INTO held FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND ((classid::bigint << 32) | objid::bigint) = ANY (wanted);
    IF held < cardinality(wanted) THEN
      RAISE EXCEPTION 'this transaction has written before it held the lock of the stream' USING ERRCODE = 'DR001';
    END IF;
  END IF;
  FOREACH h IN ARRAY wanted LOOP
    PERFORM pg_advisory_xact_lock(h);
  END LOOP;
END $$;

-- One answer for each stream's append: what would happen to it, the locks held. `ids` and `types` are its events'.
--   proceed (version = the present one) | already-appended | id-reused | conflict
CREATE FUNCTION event_store.judge_append(wanted_stream uuid, expected integer, mode text, ids uuid[], types text[],
  OUT outcome text, OUT version integer)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  found integer;
  alike integer;
  last_found integer;
BEGIN
  SELECT s.version INTO version FROM event_store.streams s WHERE s.id = wanted_stream;
  IF version IS NOT NULL THEN
    -- Streams are short, and all of one is on a few pages: no index by id.
    SELECT count(*), count(*) FILTER (WHERE e.type = w.type), max(e.version) INTO found, alike, last_found
    FROM unnest(ids, types) AS w(id, type) JOIN event_store.events e ON e.stream = wanted_stream AND e.id = w.id;
    IF found > 0 THEN
      IF alike = cardinality(ids) THEN
        outcome := 'already-appended';
        version := last_found;
      ELSE
        outcome := 'id-reused';
      END IF;
      RETURN;
    END IF;
  END IF;
  version := coalesce(version, 0);
  outcome := CASE
    WHEN mode = 'any' THEN 'proceed'
    WHEN mode = 'none' AND version = 0 THEN 'proceed'
    WHEN mode = 'exists' AND version > 0 THEN 'proceed'
    WHEN mode = 'exact' AND version = expected THEN 'proceed'
    ELSE 'conflict'
  END;
END $$;

-- Writes the events of one stream after judge_append said proceed. `events` is an array of
-- {id, type, schemaVersion, data, personal}.
CREATE FUNCTION event_store.write_events(wanted_stream uuid, present integer, tenant text, metadata jsonb, events jsonb)
RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  added integer := jsonb_array_length(events);
BEGIN
  IF present = 0 THEN
    INSERT INTO event_store.streams (id, version, tenant) VALUES (wanted_stream, added, tenant);
  ELSE
    UPDATE event_store.streams s SET version = present + added WHERE s.id = wanted_stream AND s.version = present;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the version of stream % moved under its lock', wanted_stream USING ERRCODE = 'DR002';
    END IF;
  END IF;
  INSERT INTO event_store.events (stream, version, type, schema_version, id, data, metadata, personal)
  SELECT wanted_stream, present + e.n, e.event ->> 'type', (e.event ->> 'schemaVersion')::smallint, (e.event ->> 'id')::uuid,
         e.event -> 'data', write_events.metadata, nullif(e.event -> 'personal', 'null'::jsonb)
  FROM jsonb_array_elements(write_events.events) WITH ORDINALITY AS e(event, n)
  ORDER BY e.n;
  RETURN present + added;
END $$;

-- A batch of appends to different streams in one round trip: [{i, stream, mode, expected, tenant, metadata, events}].
-- Each is answered for itself.
CREATE FUNCTION event_store.append(batch jsonb)
RETURNS TABLE (i integer, outcome text, version integer)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  request jsonb;
  target uuid;
BEGIN
  PERFORM event_store.lock_streams(ARRAY(SELECT (r ->> 'stream')::uuid FROM jsonb_array_elements(batch) r));
  FOR request IN SELECT r FROM jsonb_array_elements(batch) r LOOP
    i := (request ->> 'i')::integer;
    target := (request ->> 'stream')::uuid;
    SELECT j.outcome, j.version INTO outcome, version
    FROM event_store.judge_append(target, (request ->> 'expected')::integer, request ->> 'mode',
      ARRAY(SELECT (e ->> 'id')::uuid FROM jsonb_array_elements(request -> 'events') e),
      ARRAY(SELECT e ->> 'type' FROM jsonb_array_elements(request -> 'events') e)) j;
    IF outcome = 'proceed' THEN
      version := event_store.write_events(target, version, request ->> 'tenant', request -> 'metadata', request -> 'events');
      outcome := 'appended';
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

-- The first half of an append that moves rows of the caller's in the same transaction: locks and judges, writes nothing.
CREATE FUNCTION event_store.lock_and_judge(batch jsonb)
RETURNS TABLE (i integer, outcome text, version integer)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM event_store.lock_streams(ARRAY(SELECT (r ->> 'stream')::uuid FROM jsonb_array_elements(batch) r));
  RETURN QUERY
    SELECT (r ->> 'i')::integer, j.outcome, j.version
    FROM jsonb_array_elements(batch) r,
      LATERAL event_store.judge_append((r ->> 'stream')::uuid, (r ->> 'expected')::integer, r ->> 'mode',
        ARRAY(SELECT (e ->> 'id')::uuid FROM jsonb_array_elements(r -> 'events') e),
        ARRAY(SELECT e ->> 'type' FROM jsonb_array_elements(r -> 'events') e)) j;
END $$;

-- The second half: writes what was judged to proceed, [{i, stream, version, tenant, metadata, events}], `version` as judged.
CREATE FUNCTION event_store.write_judged(batch jsonb)
RETURNS TABLE (i integer, version integer)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  request jsonb;
BEGIN
  FOR request IN SELECT r FROM jsonb_array_elements(batch) r LOOP
    i := (request ->> 'i')::integer;
    version := event_store.write_events((request ->> 'stream')::uuid, (request ->> 'version')::integer, request ->> 'tenant',
      request -> 'metadata', request -> 'events');
    RETURN NEXT;
  END LOOP;
END $$;

-- Starts streams by idempotency key: [{i, tenant, key, fingerprint, stream, metadata, event}]. The locks of the keys, in the
-- order of their hash, come first: two batches with the same keys in opposite order would deadlock.
CREATE FUNCTION event_store.create_streams(batch jsonb)
RETURNS TABLE (i integer, outcome text, stream uuid, created_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  h bigint;
BEGIN
  IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'this transaction has written before it held the locks of its keys' USING ERRCODE = 'DR001';
  END IF;
  FOR h IN
    SELECT DISTINCT hashtextextended(jsonb_build_array('key', r ->> 'tenant', r ->> 'key')::text, 0)
    FROM jsonb_array_elements(batch) r ORDER BY 1
  LOOP
    PERFORM pg_advisory_xact_lock(h);
  END LOOP;
  -- A statement of its own: its snapshot is younger than the wait for the locks.
  RETURN QUERY
  WITH wanted AS MATERIALIZED (
    SELECT (r ->> 'i')::integer AS n, r ->> 'tenant' AS tenant, r ->> 'key' AS key, r ->> 'fingerprint' AS fingerprint,
           (r ->> 'stream')::uuid AS id, r -> 'metadata' AS metadata, r -> 'event' AS event,
           row_number() OVER (PARTITION BY r ->> 'tenant', r ->> 'key' COLLATE "C" ORDER BY (r ->> 'i')::integer) AS turn
    FROM jsonb_array_elements(batch) r
  ), known AS MATERIALIZED (
    SELECT s.id, s.tenant, s.idempotency_key AS key, s.fingerprint, s.created_at
    FROM (SELECT DISTINCT w.tenant, w.key FROM wanted w) k
    JOIN event_store.streams s ON s.tenant = k.tenant AND s.idempotency_key = k.key COLLATE "C"
  ), started AS (
    INSERT INTO event_store.streams AS s (id, version, tenant, idempotency_key, fingerprint)
    SELECT w.id, 1, w.tenant, w.key, w.fingerprint FROM wanted w
    WHERE w.turn = 1 AND NOT EXISTS (SELECT FROM known k WHERE k.tenant = w.tenant AND k.key = w.key)
    RETURNING s.id, s.tenant, s.idempotency_key AS key, s.fingerprint, s.created_at
  ), written AS (
    INSERT INTO event_store.events (stream, version, type, schema_version, id, data, metadata, personal)
    SELECT w.id, 1, w.event ->> 'type', (w.event ->> 'schemaVersion')::smallint, (w.event ->> 'id')::uuid, w.event -> 'data',
           w.metadata, nullif(w.event -> 'personal', 'null'::jsonb)
    FROM wanted w JOIN started s ON s.id = w.id AND w.turn = 1
    ORDER BY w.n
    RETURNING events.stream
  )
  SELECT w.n,
    CASE WHEN s.id = w.id AND w.turn = 1 AND NOT s.before THEN 'created'
         WHEN s.fingerprint = w.fingerprint THEN 'replayed'
         ELSE 'mismatch' END,
    s.id, s.created_at
  FROM wanted w
  JOIN (SELECT k.*, true AS before FROM known k UNION ALL SELECT n.*, false FROM started n) s
    ON s.tenant = w.tenant AND s.key = w.key;
END $$;
