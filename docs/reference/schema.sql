CREATE SCHEMA artifact;

ALTER SCHEMA artifact OWNER TO darkroom_owner;

CREATE SCHEMA bus;

ALTER SCHEMA bus OWNER TO darkroom_owner;

CREATE SCHEMA control_plane;

ALTER SCHEMA control_plane OWNER TO darkroom_owner;

CREATE SCHEMA event_store;

ALTER SCHEMA event_store OWNER TO darkroom_owner;

CREATE SCHEMA gateway;

ALTER SCHEMA gateway OWNER TO darkroom_owner;

CREATE SCHEMA intake;

ALTER SCHEMA intake OWNER TO darkroom_owner;

CREATE SCHEMA read_models;

ALTER SCHEMA read_models OWNER TO darkroom_owner;

CREATE TABLE artifact.jobs (
    generation uuid NOT NULL,
    tenant text NOT NULL,
    phase text,
    due_at timestamp with time zone,
    ready_since timestamp with time zone,
    account text,
    holds_slot boolean DEFAULT false NOT NULL,
    folded_version integer DEFAULT 0 NOT NULL,
    seen_version integer DEFAULT 0 NOT NULL,
    woken_at timestamp with time zone,
    holder text,
    fencing bigint DEFAULT 0 NOT NULL,
    traceparent text,
    slot bigint,
    cost integer DEFAULT 1 NOT NULL,
    elsewhere boolean DEFAULT true NOT NULL,
    CONSTRAINT costs_something CHECK ((cost > 0)),
    CONSTRAINT held_slots_are_numbered CHECK (((NOT holds_slot) OR (slot IS NOT NULL))),
    CONSTRAINT slot_of_an_account CHECK (((account IS NOT NULL) OR ((NOT holds_slot) AND (ready_since IS NULL))))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200');

ALTER TABLE artifact.jobs OWNER TO darkroom_owner;

CREATE FUNCTION artifact.claim_ready(wanted_account text, slots integer, wanted_holder text, most integer, lease interval, floor bigint) RETURNS SETOF artifact.jobs
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
DECLARE
  kept integer := slots / 4;
  share integer := slots;
  free integer;
  holders text[];
  held integer[];
  now_served bigint;
  candidates uuid[];
  begin_at bigint[];
  picked uuid[];
BEGIN
  PERFORM artifact.lock_account(wanted_account);
  SELECT slots - coalesce(sum(h.n), 0), array_agg(h.tenant), array_agg(h.n) INTO free, holders, held FROM (
    SELECT j.tenant, count(*)::integer AS n FROM artifact.jobs j
    WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor GROUP BY j.tenant
  ) h;
  IF least(free, most) <= 0 THEN
    RETURN;
  END IF;
  IF kept > 0 THEN
    share := artifact.fair_share(wanted_account, slots, floor);
  END IF;
  SELECT coalesce(max(t.served), 0) INTO now_served FROM artifact.turns t WHERE t.account = wanted_account AND t.tenant = '';
  WITH tenants AS MATERIALIZED (
    -- Who was away has saved nothing up, and owes nothing.
    SELECT w.tenant, greatest(coalesce(t.served, 0), now_served) AS served,
           coalesce(held[array_position(holders, w.tenant)], 0) AS held
    FROM artifact.waiting_tenants(wanted_account) w
    LEFT JOIN artifact.turns t ON t.account = wanted_account AND t.tenant = w.tenant
    -- Who crowds the account may get nothing: it takes no place of one that does not.
    ORDER BY CASE WHEN coalesce(held[array_position(holders, w.tenant)], 0) >= share
             THEN artifact.has_waiting(wanted_account, w.tenant, slots) ELSE false END, served, w.tenant
    LIMIT least(free, most)
  ), chosen AS MATERIALIZED (
    SELECT t.*, CASE WHEN t.held + least(free, most) > share
                THEN artifact.has_waiting(wanted_account, t.tenant, slots) ELSE false END AS has_more
    FROM tenants t
  ), in_turn AS (
    SELECT o.*, row_number() OVER (ORDER BY o.crowds, o.begins, o.ready_since) AS place
    FROM (SELECT oldest.generation, chosen.served + oldest.ahead AS begins, oldest.ready_since,
           chosen.has_more AND chosen.held + oldest.nth > share AS crowds
    FROM chosen, LATERAL (
      -- Added up after the limit: a window over the whole backlog would read it all.
      SELECT first.generation, first.ready_since,
             coalesce(sum(first.cost) OVER (ORDER BY first.ready_since, first.generation
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS ahead,
             row_number() OVER (ORDER BY first.ready_since, first.generation) AS nth
      FROM (
        SELECT j.generation, j.ready_since, j.cost FROM artifact.jobs j
        WHERE j.account = wanted_account AND j.tenant = chosen.tenant AND j.ready_since IS NOT NULL AND j.holder IS NULL
        ORDER BY j.ready_since LIMIT least(free, most)
      ) first
    ) oldest) o
  )
  SELECT array_agg(i.generation ORDER BY i.place), array_agg(i.begins ORDER BY i.place)
  INTO candidates, begin_at FROM in_turn i
  WHERE i.place <= CASE WHEN i.crowds THEN least(free - kept, most) ELSE least(free, most) END;
  -- The conditions once more, on the rows as they are when locked. Behind a limit, so that each is found by its primary key:
  -- left the choice, the planner may read the account's whole backlog for each.
  SELECT array_agg(l.generation ORDER BY c.place) INTO picked
  FROM unnest(candidates) WITH ORDINALITY AS c(generation, place), LATERAL (
    SELECT j.generation, j.account, j.ready_since, j.holder FROM artifact.jobs j
    WHERE j.generation = c.generation LIMIT 1 FOR UPDATE SKIP LOCKED
  ) l
  WHERE l.account = wanted_account AND l.ready_since IS NOT NULL AND l.holder IS NULL;
  RETURN QUERY
  WITH claimed AS (
    UPDATE artifact.jobs j
    SET holder = wanted_holder, fencing = j.fencing + 1, due_at = clock_timestamp() + lease, woken_at = NULL, holds_slot = true,
        slot = nextval('artifact.slots')
    WHERE j.generation = ANY (picked)
    RETURNING j.*
  ), served AS (
    -- Seen by ten seconds: a time that is new with each claim would move the row in the index each time.
    INSERT INTO artifact.turns (account, tenant, served, seen_at)
    SELECT wanted_account, s.tenant, s.served, date_bin('10 seconds', clock_timestamp(), 'epoch') FROM (
      SELECT c.tenant, max(begin_at[array_position(candidates, c.generation)] + c.cost) AS served FROM claimed c GROUP BY c.tenant
      UNION ALL
      -- Where all of them are by now.
      SELECT '', max(begin_at[array_position(candidates, c.generation)]) FROM claimed c HAVING max(c.cost) > 0
    ) s
    ON CONFLICT (account, tenant) DO UPDATE SET served = greatest(turns.served, excluded.served), seen_at = excluded.seen_at
  )
  SELECT c.* FROM claimed c ORDER BY array_position(picked, c.generation);
END $$;

ALTER FUNCTION artifact.claim_ready(wanted_account text, slots integer, wanted_holder text, most integer, lease interval, floor bigint) OWNER TO darkroom_owner;

CREATE FUNCTION artifact.claim_timed(wanted_holder text, most integer, lease interval, floor timestamp with time zone) RETURNS TABLE(job artifact.jobs, taken_over boolean, due timestamp with time zone, looked timestamp with time zone)
    LANGUAGE sql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  WITH clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
  ), due AS MATERIALIZED (
    SELECT d.generation, d.holder IS NOT NULL AS taken_over, d.due_at FROM artifact.jobs d
    WHERE d.due_at >= floor AND d.due_at <= (SELECT c.now FROM clock c)
    ORDER BY d.due_at LIMIT most FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE artifact.jobs j
    SET holder = wanted_holder, fencing = j.fencing + 1, due_at = clock_timestamp() + lease, woken_at = NULL
    WHERE j.generation = ANY (ARRAY(SELECT d.generation FROM due d))
    RETURNING j AS job
  )
  -- One row at least: the time of the look.
  SELECT c.job, d.taken_over, d.due_at, k.now
  FROM clock k LEFT JOIN (claimed c JOIN due d ON d.generation = (c.job).generation) ON true
  ORDER BY d.due_at;
$$;

ALTER FUNCTION artifact.claim_timed(wanted_holder text, most integer, lease interval, floor timestamp with time zone) OWNER TO darkroom_owner;

CREATE FUNCTION artifact.fair_share(wanted_account text, slots integer, floor bigint) RETURNS integer
    LANGUAGE sql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  SELECT ceil(slots::numeric / greatest(1, count(s.tenant)))::integer FROM (
    (SELECT w.tenant FROM artifact.waiting_tenants(wanted_account) w LIMIT slots + 1)
    UNION
    (SELECT j.tenant FROM artifact.jobs j WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor)
    UNION
    (SELECT t.tenant FROM artifact.turns t
     WHERE t.account = wanted_account AND t.tenant <> '' AND t.seen_at > (SELECT clock_timestamp() - interval '3 minutes')
     ORDER BY t.seen_at DESC LIMIT slots)
  ) s;
$$;

ALTER FUNCTION artifact.fair_share(wanted_account text, slots integer, floor bigint) OWNER TO darkroom_owner;

CREATE FUNCTION artifact.has_waiting(wanted_account text, wanted_tenant text, many integer) RETURNS boolean
    LANGUAGE sql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  SELECT count(*) >= many FROM (
    SELECT FROM artifact.jobs j
    WHERE j.account = wanted_account AND j.tenant = wanted_tenant AND j.ready_since IS NOT NULL AND j.holder IS NULL
    ORDER BY j.ready_since LIMIT many
  ) first;
$$;

ALTER FUNCTION artifact.has_waiting(wanted_account text, wanted_tenant text, many integer) OWNER TO darkroom_owner;

CREATE FUNCTION artifact.lock_account(wanted text) RETURNS void
    LANGUAGE sql
    AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('artifact.slots:' || wanted, 0));
$$;

ALTER FUNCTION artifact.lock_account(wanted text) OWNER TO darkroom_owner;

CREATE FUNCTION artifact.slots_floor(wanted_account text, beyond bigint) RETURNS bigint
    LANGUAGE sql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  SELECT least(
    (SELECT min(j.slot) FROM artifact.jobs j WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= beyond),
    (SELECT s.last_value - 1000 FROM artifact.slots s));
$$;

ALTER FUNCTION artifact.slots_floor(wanted_account text, beyond bigint) OWNER TO darkroom_owner;

CREATE FUNCTION artifact.take_slot(wanted_generation uuid, held_fencing bigint, wanted_account text, slots integer, floor bigint, goes_first boolean) RETURNS boolean
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
DECLARE
  used integer;
BEGIN
  PERFORM artifact.lock_account(wanted_account);
  PERFORM FROM artifact.jobs j
  WHERE j.generation = wanted_generation AND j.fencing = held_fencing AND j.holder IS NOT NULL
    AND j.holds_slot AND j.account = wanted_account;
  IF FOUND THEN
    RETURN true;
  END IF;
  PERFORM FROM artifact.jobs j
  WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL LIMIT 1;
  IF FOUND AND NOT goes_first THEN
    RETURN false;
  END IF;
  SELECT count(*) INTO used FROM artifact.jobs j
  WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor AND j.generation <> wanted_generation;
  IF used >= slots THEN
    RETURN false;
  END IF;
  UPDATE artifact.jobs j SET account = wanted_account, holds_slot = true, slot = nextval('artifact.slots')
  WHERE j.generation = wanted_generation AND j.fencing = held_fencing AND j.holder IS NOT NULL;
  RETURN FOUND;
END $$;

ALTER FUNCTION artifact.take_slot(wanted_generation uuid, held_fencing bigint, wanted_account text, slots integer, floor bigint, goes_first boolean) OWNER TO darkroom_owner;

CREATE FUNCTION artifact.waited_for() RETURNS SETOF text
    LANGUAGE sql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  WITH RECURSIVE waiting AS (
    (SELECT j.account FROM artifact.jobs j WHERE j.ready_since IS NOT NULL AND j.holder IS NULL ORDER BY j.account LIMIT 1)
    UNION ALL
    SELECT (SELECT j.account FROM artifact.jobs j
            WHERE j.ready_since IS NOT NULL AND j.holder IS NULL AND j.account > w.account ORDER BY j.account LIMIT 1)
    FROM waiting w WHERE w.account IS NOT NULL
  )
  SELECT w.account FROM waiting w WHERE w.account IS NOT NULL;
$$;

ALTER FUNCTION artifact.waited_for() OWNER TO darkroom_owner;

CREATE FUNCTION artifact.waiting_tenants(wanted_account text) RETURNS TABLE(tenant text)
    LANGUAGE sql STABLE
    AS $$
  WITH RECURSIVE waiting AS (
    (SELECT j.tenant FROM artifact.jobs j
     WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL
     ORDER BY j.tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT j.tenant FROM artifact.jobs j
            WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL AND j.tenant > w.tenant
            ORDER BY j.tenant LIMIT 1)
    FROM waiting w WHERE w.tenant IS NOT NULL
  )
  SELECT w.tenant FROM waiting w WHERE w.tenant IS NOT NULL;
$$;

ALTER FUNCTION artifact.waiting_tenants(wanted_account text) OWNER TO darkroom_owner;

CREATE FUNCTION artifact.wake_waiting(wanted_account text, after_since timestamp with time zone, after_generation uuid, most integer) RETURNS TABLE(since timestamp with time zone, generation uuid)
    LANGUAGE sql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  WITH next AS MATERIALIZED (
    SELECT j.generation, j.ready_since FROM artifact.jobs j
    WHERE j.account = wanted_account AND j.elsewhere AND j.ready_since IS NOT NULL AND j.holder IS NULL
      AND (j.ready_since, j.generation) > (after_since, after_generation)
    ORDER BY j.ready_since, j.generation LIMIT most FOR UPDATE SKIP LOCKED
  ), woken AS (
    UPDATE artifact.jobs j SET due_at = least(j.due_at, clock_timestamp())
    WHERE j.generation = ANY (ARRAY(SELECT n.generation FROM next n))
  )
  SELECT n.ready_since, n.generation FROM next n ORDER BY n.ready_since, n.generation OFFSET most - 1 LIMIT 1;
$$;

ALTER FUNCTION artifact.wake_waiting(wanted_account text, after_since timestamp with time zone, after_generation uuid, most integer) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.append(batch jsonb) RETURNS TABLE(i integer, outcome text, version integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION event_store.append(batch jsonb) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.create_streams(batch jsonb) RETURNS TABLE(i integer, outcome text, stream uuid, created_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    SET random_page_cost TO '1.1'
    AS $$
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

ALTER FUNCTION event_store.create_streams(batch jsonb) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.current_tx() RETURNS xid8
    LANGUAGE sql
    AS $$
  SELECT (pg_current_xact_id()::text::bigint + event_store.tx_offset())::text::xid8
$$;

ALTER FUNCTION event_store.current_tx() OWNER TO darkroom_owner;

CREATE FUNCTION event_store.erase_personal(wanted_tenant text, wanted_stream uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  UPDATE event_store.events e SET personal = '{}'
  WHERE e.stream = wanted_stream AND e.personal IS NOT NULL AND e.personal <> '{}'
    AND EXISTS (SELECT FROM event_store.streams s WHERE s.id = wanted_stream AND s.tenant = wanted_tenant);
END $$;

ALTER FUNCTION event_store.erase_personal(wanted_tenant text, wanted_stream uuid) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.find_by_key(wanted_tenant text, wanted_key text) RETURNS TABLE(stream uuid, fingerprint text, created_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM set_config('darkroom.tenant', wanted_tenant, true);
  RETURN QUERY
    SELECT s.id, s.fingerprint, s.created_at FROM event_store.streams s
    WHERE s.tenant = wanted_tenant AND s.idempotency_key = wanted_key COLLATE "C";
END $$;

ALTER FUNCTION event_store.find_by_key(wanted_tenant text, wanted_key text) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.highest_place() RETURNS xid8
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  RETURN greatest(
    (SELECT e.tx FROM event_store.events e ORDER BY e.tx DESC, e.position DESC LIMIT 1),
    (SELECT c.tx FROM event_store.checkpoints c ORDER BY c.tx DESC LIMIT 1), '0'::xid8);
END $$;

ALTER FUNCTION event_store.highest_place() OWNER TO darkroom_owner;

CREATE FUNCTION event_store.horizon() RETURNS xid8
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + event_store.tx_offset())::text::xid8
$$;

ALTER FUNCTION event_store.horizon() OWNER TO darkroom_owner;

CREATE FUNCTION event_store.judge_append(wanted_stream uuid, expected integer, mode text, ids uuid[], types text[], OUT outcome text, OUT version integer) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION event_store.judge_append(wanted_stream uuid, expected integer, mode text, ids uuid[], types text[], OUT outcome text, OUT version integer) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.lock_and_judge(batch jsonb) RETURNS TABLE(i integer, outcome text, version integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  PERFORM event_store.lock_streams(ARRAY(SELECT (r ->> 'stream')::uuid FROM jsonb_array_elements(batch) r));
  RETURN QUERY
    SELECT (r ->> 'i')::integer, j.outcome, j.version
    FROM jsonb_array_elements(batch) r,
      LATERAL event_store.judge_append((r ->> 'stream')::uuid, (r ->> 'expected')::integer, r ->> 'mode',
        ARRAY(SELECT (e ->> 'id')::uuid FROM jsonb_array_elements(r -> 'events') e),
        ARRAY(SELECT e ->> 'type' FROM jsonb_array_elements(r -> 'events') e)) j;
END $$;

ALTER FUNCTION event_store.lock_and_judge(batch jsonb) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.lock_streams(streams uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION event_store.lock_streams(streams uuid[]) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.read_stream(wanted_tenant text, wanted_stream uuid, beyond integer) RETURNS TABLE(tx text, "position" text, stream uuid, version integer, type text, schema_version smallint, id uuid, data jsonb, metadata jsonb, personal jsonb, recorded_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION event_store.read_stream(wanted_tenant text, wanted_stream uuid, beyond integer) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.tenant_of(wanted_stream uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  RETURN (SELECT s.tenant FROM event_store.streams s WHERE s.id = wanted_stream);
END $$;

ALTER FUNCTION event_store.tenant_of(wanted_stream uuid) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.tx_offset() RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT 0::bigint $$;

ALTER FUNCTION event_store.tx_offset() OWNER TO darkroom_owner;

CREATE FUNCTION event_store.write_events(wanted_stream uuid, present integer, tenant text, metadata jsonb, events jsonb) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION event_store.write_events(wanted_stream uuid, present integer, tenant text, metadata jsonb, events jsonb) OWNER TO darkroom_owner;

CREATE FUNCTION event_store.write_judged(batch jsonb) RETURNS TABLE(i integer, version integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION event_store.write_judged(batch jsonb) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.admit(wanted text, spacing interval, slack interval, patience interval, most_spent bigint, of_generation uuid, of_attempt integer, costs bigint, is_retry boolean, probe_every interval, breaker_probe_every interval) RETURNS TABLE(verdict text, wait_ms double precision)
    LANGUAGE plpgsql
    AS $$
DECLARE
  gate gateway.account_gates;
  moment timestamptz;
  today date;
  turn timestamptz;
  send_at timestamptz;
  tries_now double precision;
  spent_now bigint;
  is_probe boolean;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO gateway.account_gates (account) VALUES (wanted) ON CONFLICT DO NOTHING;
  SELECT * INTO gate FROM gateway.account_gates g WHERE g.account = wanted FOR UPDATE;
  moment := clock_timestamp();
  IF gate.not_before > moment THEN
    RETURN QUERY SELECT 'closed', extract(epoch FROM gate.not_before - moment)::float8 * 1000;
    RETURN;
  END IF;
  is_probe := gate.paused_by IS NOT NULL;
  turn := greatest(gate.next_turn, moment);
  send_at := CASE WHEN spacing IS NULL THEN moment ELSE greatest(turn - slack, moment) END;
  IF send_at > moment + patience THEN
    RETURN QUERY SELECT 'rate', extract(epoch FROM send_at - moment)::float8 * 1000;
    RETURN;
  END IF;
  tries_now := least(20, gate.tries + 0.5 * extract(epoch FROM moment - gate.tries_at)::float8);
  IF is_retry AND NOT is_probe AND tries_now < 1 THEN
    RETURN QUERY SELECT 'budget', (1 - tries_now) / 0.5 * 1000;
    RETURN;
  END IF;
  today := (moment AT TIME ZONE 'utc')::date;
  spent_now := CASE WHEN gate.spend_day = today THEN gate.spent ELSE 0 END;
  IF most_spent IS NOT NULL AND spent_now + costs > most_spent THEN
    SELECT coalesce(sum(s.micros), 0) INTO spent_now FROM gateway.spend s
    WHERE s.account = wanted AND s.day = today AND (s.generation, s.attempt) <> (of_generation, of_attempt);
    IF spent_now + costs > most_spent THEN
      -- Asked again soon: the limit may be raised.
      UPDATE gateway.account_gates g SET not_before = moment + interval '3 seconds' WHERE g.account = wanted;
      RETURN QUERY SELECT 'spend', extract(epoch FROM (today + 1)::timestamp AT TIME ZONE 'utc' - moment)::float8 * 1000;
      RETURN;
    END IF;
  END IF;
  INSERT INTO gateway.spend AS s (generation, attempt, account, day, micros)
  VALUES (of_generation, of_attempt, wanted, today, costs)
  ON CONFLICT (generation, attempt) DO UPDATE SET account = wanted, day = today, micros = costs;
  UPDATE gateway.account_gates g SET
    not_before = CASE
      WHEN NOT is_probe THEN g.not_before
      WHEN g.paused_by = 'BREAKER' THEN moment + breaker_probe_every
      ELSE moment + probe_every END,
    next_turn = CASE WHEN spacing IS NULL THEN g.next_turn ELSE turn + spacing END,
    tries = CASE WHEN is_retry AND NOT is_probe THEN tries_now - 1 ELSE tries_now END,
    tries_at = moment,
    spend_day = today,
    spent = spent_now + costs
  WHERE g.account = wanted;
  RETURN QUERY SELECT CASE WHEN is_probe THEN 'probe' ELSE 'open' END, extract(epoch FROM send_at - moment)::float8 * 1000;
END $$;

ALTER FUNCTION gateway.admit(wanted text, spacing interval, slack interval, patience interval, most_spent bigint, of_generation uuid, of_attempt integer, costs bigint, is_retry boolean, probe_every interval, breaker_probe_every interval) OWNER TO darkroom_owner;

CREATE TABLE gateway.jobs (
    generation uuid NOT NULL,
    tenant text NOT NULL,
    phase text,
    due_at timestamp with time zone,
    ready_since timestamp with time zone,
    account text,
    holds_slot boolean DEFAULT false NOT NULL,
    folded_version integer DEFAULT 0 NOT NULL,
    seen_version integer DEFAULT 0 NOT NULL,
    woken_at timestamp with time zone,
    holder text,
    fencing bigint DEFAULT 0 NOT NULL,
    traceparent text,
    slot bigint,
    cost integer DEFAULT 1 NOT NULL,
    elsewhere boolean DEFAULT true NOT NULL,
    CONSTRAINT costs_something CHECK ((cost > 0)),
    CONSTRAINT held_slots_are_numbered CHECK (((NOT holds_slot) OR (slot IS NOT NULL))),
    CONSTRAINT slot_of_an_account CHECK (((account IS NOT NULL) OR ((NOT holds_slot) AND (ready_since IS NULL))))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200');

ALTER TABLE gateway.jobs OWNER TO darkroom_owner;

CREATE FUNCTION gateway.claim_ready(wanted_account text, slots integer, wanted_holder text, most integer, lease interval, floor bigint) RETURNS SETOF gateway.jobs
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
DECLARE
  kept integer := slots / 4;
  share integer := slots;
  free integer;
  holders text[];
  held integer[];
  now_served bigint;
  candidates uuid[];
  begin_at bigint[];
  picked uuid[];
BEGIN
  PERFORM gateway.lock_account(wanted_account);
  SELECT slots - coalesce(sum(h.n), 0), array_agg(h.tenant), array_agg(h.n) INTO free, holders, held FROM (
    SELECT j.tenant, count(*)::integer AS n FROM gateway.jobs j
    WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor GROUP BY j.tenant
  ) h;
  IF least(free, most) <= 0 THEN
    RETURN;
  END IF;
  IF kept > 0 THEN
    share := gateway.fair_share(wanted_account, slots, floor);
  END IF;
  SELECT coalesce(max(t.served), 0) INTO now_served FROM gateway.turns t WHERE t.account = wanted_account AND t.tenant = '';
  WITH tenants AS MATERIALIZED (
    -- Who was away has saved nothing up, and owes nothing.
    SELECT w.tenant, greatest(coalesce(t.served, 0), now_served) AS served,
           coalesce(held[array_position(holders, w.tenant)], 0) AS held
    FROM gateway.waiting_tenants(wanted_account) w
    LEFT JOIN gateway.turns t ON t.account = wanted_account AND t.tenant = w.tenant
    -- Who crowds the account may get nothing: it takes no place of one that does not.
    ORDER BY CASE WHEN coalesce(held[array_position(holders, w.tenant)], 0) >= share
             THEN gateway.has_waiting(wanted_account, w.tenant, slots) ELSE false END, served, w.tenant
    LIMIT least(free, most)
  ), chosen AS MATERIALIZED (
    SELECT t.*, CASE WHEN t.held + least(free, most) > share
                THEN gateway.has_waiting(wanted_account, t.tenant, slots) ELSE false END AS has_more
    FROM tenants t
  ), in_turn AS (
    SELECT o.*, row_number() OVER (ORDER BY o.crowds, o.begins, o.ready_since) AS place
    FROM (SELECT oldest.generation, chosen.served + oldest.ahead AS begins, oldest.ready_since,
           chosen.has_more AND chosen.held + oldest.nth > share AS crowds
    FROM chosen, LATERAL (
      -- Added up after the limit: a window over the whole backlog would read it all.
      SELECT first.generation, first.ready_since,
             coalesce(sum(first.cost) OVER (ORDER BY first.ready_since, first.generation
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS ahead,
             row_number() OVER (ORDER BY first.ready_since, first.generation) AS nth
      FROM (
        SELECT j.generation, j.ready_since, j.cost FROM gateway.jobs j
        WHERE j.account = wanted_account AND j.tenant = chosen.tenant AND j.ready_since IS NOT NULL AND j.holder IS NULL
        ORDER BY j.ready_since LIMIT least(free, most)
      ) first
    ) oldest) o
  )
  SELECT array_agg(i.generation ORDER BY i.place), array_agg(i.begins ORDER BY i.place)
  INTO candidates, begin_at FROM in_turn i
  WHERE i.place <= CASE WHEN i.crowds THEN least(free - kept, most) ELSE least(free, most) END;
  -- The conditions once more, on the rows as they are when locked. Behind a limit, so that each is found by its primary key:
  -- left the choice, the planner may read the account's whole backlog for each.
  SELECT array_agg(l.generation ORDER BY c.place) INTO picked
  FROM unnest(candidates) WITH ORDINALITY AS c(generation, place), LATERAL (
    SELECT j.generation, j.account, j.ready_since, j.holder FROM gateway.jobs j
    WHERE j.generation = c.generation LIMIT 1 FOR UPDATE SKIP LOCKED
  ) l
  WHERE l.account = wanted_account AND l.ready_since IS NOT NULL AND l.holder IS NULL;
  RETURN QUERY
  WITH claimed AS (
    UPDATE gateway.jobs j
    SET holder = wanted_holder, fencing = j.fencing + 1, due_at = clock_timestamp() + lease, woken_at = NULL, holds_slot = true,
        slot = nextval('gateway.slots')
    WHERE j.generation = ANY (picked)
    RETURNING j.*
  ), served AS (
    -- Seen by ten seconds: a time that is new with each claim would move the row in the index each time.
    INSERT INTO gateway.turns (account, tenant, served, seen_at)
    SELECT wanted_account, s.tenant, s.served, date_bin('10 seconds', clock_timestamp(), 'epoch') FROM (
      SELECT c.tenant, max(begin_at[array_position(candidates, c.generation)] + c.cost) AS served FROM claimed c GROUP BY c.tenant
      UNION ALL
      -- Where all of them are by now.
      SELECT '', max(begin_at[array_position(candidates, c.generation)]) FROM claimed c HAVING max(c.cost) > 0
    ) s
    ON CONFLICT (account, tenant) DO UPDATE SET served = greatest(turns.served, excluded.served), seen_at = excluded.seen_at
  )
  SELECT c.* FROM claimed c ORDER BY array_position(picked, c.generation);
END $$;

ALTER FUNCTION gateway.claim_ready(wanted_account text, slots integer, wanted_holder text, most integer, lease interval, floor bigint) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.claim_timed(wanted_holder text, most integer, lease interval, floor timestamp with time zone) RETURNS TABLE(job gateway.jobs, taken_over boolean, due timestamp with time zone, looked timestamp with time zone)
    LANGUAGE sql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  WITH clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
  ), due AS MATERIALIZED (
    SELECT d.generation, d.holder IS NOT NULL AS taken_over, d.due_at FROM gateway.jobs d
    WHERE d.due_at >= floor AND d.due_at <= (SELECT c.now FROM clock c)
    ORDER BY d.due_at LIMIT most FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE gateway.jobs j
    SET holder = wanted_holder, fencing = j.fencing + 1, due_at = clock_timestamp() + lease, woken_at = NULL
    WHERE j.generation = ANY (ARRAY(SELECT d.generation FROM due d))
    RETURNING j AS job
  )
  -- One row at least: the time of the look.
  SELECT c.job, d.taken_over, d.due_at, k.now
  FROM clock k LEFT JOIN (claimed c JOIN due d ON d.generation = (c.job).generation) ON true
  ORDER BY d.due_at;
$$;

ALTER FUNCTION gateway.claim_timed(wanted_holder text, most integer, lease interval, floor timestamp with time zone) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.fair_share(wanted_account text, slots integer, floor bigint) RETURNS integer
    LANGUAGE sql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  SELECT ceil(slots::numeric / greatest(1, count(s.tenant)))::integer FROM (
    (SELECT w.tenant FROM gateway.waiting_tenants(wanted_account) w LIMIT slots + 1)
    UNION
    (SELECT j.tenant FROM gateway.jobs j WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor)
    UNION
    (SELECT t.tenant FROM gateway.turns t
     WHERE t.account = wanted_account AND t.tenant <> '' AND t.seen_at > (SELECT clock_timestamp() - interval '3 minutes')
     ORDER BY t.seen_at DESC LIMIT slots)
  ) s;
$$;

ALTER FUNCTION gateway.fair_share(wanted_account text, slots integer, floor bigint) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.has_waiting(wanted_account text, wanted_tenant text, many integer) RETURNS boolean
    LANGUAGE sql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  SELECT count(*) >= many FROM (
    SELECT FROM gateway.jobs j
    WHERE j.account = wanted_account AND j.tenant = wanted_tenant AND j.ready_since IS NOT NULL AND j.holder IS NULL
    ORDER BY j.ready_since LIMIT many
  ) first;
$$;

ALTER FUNCTION gateway.has_waiting(wanted_account text, wanted_tenant text, many integer) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.hear_submit(wanted text, outcome text, was_probe boolean, slots integer, hold interval, first_probe interval, longest_probe interval, fewest integer, in_a_row integer) RETURNS TABLE(change text, was_paused_by text)
    LANGUAGE plpgsql
    AS $$
DECLARE
  gate gateway.account_gates;
  moment timestamptz;
  this_half bigint;
  is_failure boolean := outcome IN ('failed', 'overloaded', 'unknown');
  all_submits integer;
  all_failures integer;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO gateway.account_gates (account) VALUES (wanted) ON CONFLICT DO NOTHING;
  SELECT * INTO gate FROM gateway.account_gates g WHERE g.account = wanted FOR UPDATE;
  was_paused_by := gate.paused_by;
  moment := clock_timestamp();
  this_half := floor(extract(epoch FROM moment) / 30);
  IF gate.half_minute <> this_half THEN
    gate.submits_before := CASE WHEN gate.half_minute = this_half - 1 THEN gate.submits ELSE 0 END;
    gate.failures_before := CASE WHEN gate.half_minute = this_half - 1 THEN gate.failures ELSE 0 END;
    gate.submits := 0;
    gate.failures := 0;
    gate.half_minute := this_half;
  END IF;
  gate.submits := gate.submits + 1;
  gate.failures := gate.failures + is_failure::integer;
  gate.failed_in_a_row := CASE WHEN is_failure THEN gate.failed_in_a_row + 1 ELSE 0 END;

  IF outcome IN ('accepted', 'answered') THEN
    IF outcome = 'accepted' THEN
      gate.tries := least(20, gate.tries + 0.5);
      -- Twice as many a round up to half of what is allowed, then one more a round.
      gate.bears := CASE WHEN gate.bears < slots / 2.0 THEN gate.bears + 1 ELSE gate.bears + 1 / gate.bears END;
      gate.bears := CASE WHEN gate.bears < slots THEN gate.bears END;
    END IF;
    -- A submit that left before the account was held back says nothing of it now.
    IF was_probe AND gate.paused_by IS NOT NULL THEN
      change := 'resumed';
      gate.paused_by := NULL;
      gate.not_before := moment;
      gate.probes_failed := 0;
      gate.submits := 0;
      gate.failures := 0;
      gate.submits_before := 0;
      gate.failures_before := 0;
      gate.bears := least(coalesce(gate.bears, slots), greatest(slots / 8.0, 1));
    END IF;
  END IF;
  -- Those that were on their way together are one word of the vendor's.
  IF outcome IN ('full', 'overloaded') AND gate.cut_at < moment - interval '1 second' THEN
    gate.bears := greatest(least(coalesce(gate.bears, slots), slots) / 2, 1);
    gate.cut_at := moment;
  END IF;
  gate.not_before := greatest(gate.not_before, moment + hold);
  all_submits := gate.submits + gate.submits_before;
  all_failures := gate.failures + gate.failures_before;
  IF is_failure AND gate.paused_by IS NULL
    AND (gate.failed_in_a_row >= in_a_row OR (all_submits >= fewest AND all_failures * 2 >= all_submits)) THEN
    change := 'opened';
    gate.paused_by := 'BREAKER';
    gate.probes_failed := 0;
    gate.not_before := greatest(gate.not_before, moment + first_probe);
  ELSIF is_failure AND was_probe AND gate.paused_by = 'BREAKER' THEN
    gate.probes_failed := gate.probes_failed + 1;
    -- The one that was let through held the account back for longer than it took.
    gate.not_before := moment + greatest(hold,
      least(longest_probe, first_probe * 2 ^ least(gate.probes_failed, 20)) * (0.8 + 0.4 * random()));
  END IF;
  UPDATE gateway.account_gates g SET
    not_before = gate.not_before, paused_by = gate.paused_by, bears = gate.bears, cut_at = gate.cut_at, tries = gate.tries,
    failed_in_a_row = gate.failed_in_a_row, half_minute = gate.half_minute, submits = gate.submits, failures = gate.failures, submits_before = gate.submits_before,
    failures_before = gate.failures_before, probes_failed = gate.probes_failed
  WHERE g.account = wanted;
  RETURN NEXT;
END $$;

ALTER FUNCTION gateway.hear_submit(wanted text, outcome text, was_probe boolean, slots integer, hold interval, first_probe interval, longest_probe interval, fewest integer, in_a_row integer) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.lock_account(wanted text) RETURNS void
    LANGUAGE sql
    AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('gateway.slots:' || wanted, 0));
$$;

ALTER FUNCTION gateway.lock_account(wanted text) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.settle_spend(of_generation uuid, of_attempt integer, costs bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
  before gateway.spend;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  PERFORM FROM gateway.account_gates g
  WHERE g.account = (SELECT s.account FROM gateway.spend s WHERE s.generation = of_generation AND s.attempt = of_attempt) FOR UPDATE;
  SELECT * INTO before FROM gateway.spend s WHERE s.generation = of_generation AND s.attempt = of_attempt FOR UPDATE;
  IF NOT FOUND OR before.micros = costs THEN
    RETURN;
  END IF;
  UPDATE gateway.spend s SET micros = costs WHERE s.generation = of_generation AND s.attempt = of_attempt;
  UPDATE gateway.account_gates g SET spent = g.spent + costs - before.micros
  WHERE g.account = before.account AND g.spend_day = before.day AND costs > before.micros;
END $$;

ALTER FUNCTION gateway.settle_spend(of_generation uuid, of_attempt integer, costs bigint) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.slots_floor(wanted_account text, beyond bigint) RETURNS bigint
    LANGUAGE sql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  SELECT least(
    (SELECT min(j.slot) FROM gateway.jobs j WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= beyond),
    (SELECT s.last_value - 1000 FROM gateway.slots s));
$$;

ALTER FUNCTION gateway.slots_floor(wanted_account text, beyond bigint) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.take_slot(wanted_generation uuid, held_fencing bigint, wanted_account text, slots integer, floor bigint, goes_first boolean) RETURNS boolean
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
DECLARE
  used integer;
BEGIN
  PERFORM gateway.lock_account(wanted_account);
  PERFORM FROM gateway.jobs j
  WHERE j.generation = wanted_generation AND j.fencing = held_fencing AND j.holder IS NOT NULL
    AND j.holds_slot AND j.account = wanted_account;
  IF FOUND THEN
    RETURN true;
  END IF;
  PERFORM FROM gateway.jobs j
  WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL LIMIT 1;
  IF FOUND AND NOT goes_first THEN
    RETURN false;
  END IF;
  SELECT count(*) INTO used FROM gateway.jobs j
  WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor AND j.generation <> wanted_generation;
  IF used >= slots THEN
    RETURN false;
  END IF;
  UPDATE gateway.jobs j SET account = wanted_account, holds_slot = true, slot = nextval('gateway.slots')
  WHERE j.generation = wanted_generation AND j.fencing = held_fencing AND j.holder IS NOT NULL;
  RETURN FOUND;
END $$;

ALTER FUNCTION gateway.take_slot(wanted_generation uuid, held_fencing bigint, wanted_account text, slots integer, floor bigint, goes_first boolean) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.waited_for() RETURNS SETOF text
    LANGUAGE sql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  WITH RECURSIVE waiting AS (
    (SELECT j.account FROM gateway.jobs j WHERE j.ready_since IS NOT NULL AND j.holder IS NULL ORDER BY j.account LIMIT 1)
    UNION ALL
    SELECT (SELECT j.account FROM gateway.jobs j
            WHERE j.ready_since IS NOT NULL AND j.holder IS NULL AND j.account > w.account ORDER BY j.account LIMIT 1)
    FROM waiting w WHERE w.account IS NOT NULL
  )
  SELECT w.account FROM waiting w WHERE w.account IS NOT NULL;
$$;

ALTER FUNCTION gateway.waited_for() OWNER TO darkroom_owner;

CREATE FUNCTION gateway.waiting_tenants(wanted_account text) RETURNS TABLE(tenant text)
    LANGUAGE sql STABLE
    AS $$
  WITH RECURSIVE waiting AS (
    (SELECT j.tenant FROM gateway.jobs j
     WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL
     ORDER BY j.tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT j.tenant FROM gateway.jobs j
            WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL AND j.tenant > w.tenant
            ORDER BY j.tenant LIMIT 1)
    FROM waiting w WHERE w.tenant IS NOT NULL
  )
  SELECT w.tenant FROM waiting w WHERE w.tenant IS NOT NULL;
$$;

ALTER FUNCTION gateway.waiting_tenants(wanted_account text) OWNER TO darkroom_owner;

CREATE FUNCTION gateway.wake_waiting(wanted_account text, after_since timestamp with time zone, after_generation uuid, most integer) RETURNS TABLE(since timestamp with time zone, generation uuid)
    LANGUAGE sql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
  WITH next AS MATERIALIZED (
    SELECT j.generation, j.ready_since FROM gateway.jobs j
    WHERE j.account = wanted_account AND j.elsewhere AND j.ready_since IS NOT NULL AND j.holder IS NULL
      AND (j.ready_since, j.generation) > (after_since, after_generation)
    ORDER BY j.ready_since, j.generation LIMIT most FOR UPDATE SKIP LOCKED
  ), woken AS (
    UPDATE gateway.jobs j SET due_at = least(j.due_at, clock_timestamp())
    WHERE j.generation = ANY (ARRAY(SELECT n.generation FROM next n))
  )
  SELECT n.ready_since, n.generation FROM next n ORDER BY n.ready_since, n.generation OFFSET most - 1 LIMIT 1;
$$;

ALTER FUNCTION gateway.wake_waiting(wanted_account text, after_since timestamp with time zone, after_generation uuid, most integer) OWNER TO darkroom_owner;

CREATE FUNCTION read_models.clear_next() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  truncate read_models.detail_v1_next, read_models.artifact_v1_next, read_models.feed_v1_next, read_models.counts_v1_next;
end $$;

ALTER FUNCTION read_models.clear_next() OWNER TO darkroom_owner;

CREATE FUNCTION read_models.counts(wanted_tenant text) RETURNS TABLE(tenant text, status text, n bigint)
    LANGUAGE plpgsql
    AS $$
begin
  perform set_config('darkroom.tenant', wanted_tenant, true);
  return query select c.tenant, c.status, c.n from read_models.counts_v1 c where c.tenant = wanted_tenant;
end $$;

ALTER FUNCTION read_models.counts(wanted_tenant text) OWNER TO darkroom_owner;

CREATE FUNCTION read_models.exchange() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  model text;
  part record;
  secured boolean;
begin
  lock table read_models.detail_v1, read_models.artifact_v1, read_models.feed_v1, read_models.counts_v1,
    read_models.detail_v1_next, read_models.artifact_v1_next, read_models.feed_v1_next, read_models.counts_v1_next
    in access exclusive mode;
  foreach model in array array['detail_v1', 'artifact_v1', 'feed_v1', 'counts_v1'] loop
    select c.relrowsecurity into secured from pg_class c
    where c.oid = format('read_models.%I', model)::regclass;
    if secured then
      execute format('alter table read_models.%I enable row level security, force row level security', model || '_next');
      execute format('grant select on read_models.%I to darkroom_api', model || '_next');
      execute format('revoke all on read_models.%I from darkroom_api', model);
      execute format('alter table read_models.%I disable row level security', model);
    end if;
    -- Indexes and tables alike: live -> aside -> next, next -> live.
    for part in
      select c.relname, c.relkind from pg_class c join pg_namespace s on s.oid = c.relnamespace
      where s.nspname = 'read_models' and c.relkind in ('r', 'i')
        and c.relname like replace(model, '_', '\_') || '%' and c.relname not like replace(model, '_', '\_') || '\_next%'
    loop
      execute format('alter %s read_models.%I rename to %I', case part.relkind when 'r' then 'table' else 'index' end,
        part.relname, model || '_aside' || substr(part.relname, length(model) + 1));
    end loop;
    for part in
      select c.relname, c.relkind from pg_class c join pg_namespace s on s.oid = c.relnamespace
      where s.nspname = 'read_models' and c.relkind in ('r', 'i')
        and c.relname like replace(model, '_', '\_') || '\_next%'
    loop
      execute format('alter %s read_models.%I rename to %I', case part.relkind when 'r' then 'table' else 'index' end,
        part.relname, model || substr(part.relname, length(model || '_next') + 1));
    end loop;
    for part in
      select c.relname, c.relkind from pg_class c join pg_namespace s on s.oid = c.relnamespace
      where s.nspname = 'read_models' and c.relkind in ('r', 'i')
        and c.relname like replace(model, '_', '\_') || '\_aside%'
    loop
      execute format('alter %s read_models.%I rename to %I', case part.relkind when 'r' then 'table' else 'index' end,
        part.relname, model || '_next' || substr(part.relname, length(model || '_aside') + 1));
    end loop;
  end loop;
end $$;

ALTER FUNCTION read_models.exchange() OWNER TO darkroom_owner;

CREATE FUNCTION read_models.feed_page(wanted_tenant text, beyond text, types text[], most integer) RETURNS TABLE(tenant text, cursor text, event uuid, generation uuid, version integer, type text, data jsonb, recorded_at timestamp with time zone)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
  perform set_config('darkroom.tenant', wanted_tenant, true);
  return query
    select f.tenant, f.cursor, f.event, f.generation, f.version, f.type, f.data, f.recorded_at from read_models.feed_v1 f
    where f.tenant = wanted_tenant and f.cursor > beyond collate "C" and (types is null or f.type = any (types))
    order by f.cursor limit most;
end $$;

ALTER FUNCTION read_models.feed_page(wanted_tenant text, beyond text, types text[], most integer) OWNER TO darkroom_owner;

CREATE FUNCTION read_models.feeds_after(tenants text[], cursors text[], most_each integer) RETURNS TABLE(tenant text, cursor text, event uuid, generation uuid, version integer, type text, data jsonb, recorded_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $$
begin
  for i in 1 .. cardinality(tenants) loop
    return query select f.* from read_models.feed_page(tenants[i], cursors[i], null, most_each) f;
  end loop;
end $$;

ALTER FUNCTION read_models.feeds_after(tenants text[], cursors text[], most_each integer) OWNER TO darkroom_owner;

CREATE FUNCTION read_models.generation(wanted_tenant text, wanted_id uuid) RETURNS TABLE(head integer, id uuid, tenant text, version integer, state jsonb, prompt text, metadata jsonb, erased boolean, traceparent text)
    LANGUAGE plpgsql
    AS $$
begin
  perform set_config('darkroom.tenant', coalesce(wanted_tenant, ''), true);
  return query
    select s.version, d.id, d.tenant, d.version, d.state, d.prompt, d.metadata, d.erased, d.traceparent
    from event_store.streams s left join read_models.detail_v1 d on d.id = s.id
    where s.id = wanted_id and (wanted_tenant is null or s.tenant = wanted_tenant);
end $$;

ALTER FUNCTION read_models.generation(wanted_tenant text, wanted_id uuid) OWNER TO darkroom_owner;

CREATE FUNCTION read_models.hold_writers() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- In the order of the statement that writes both: images first.
  lock table read_models.artifact_v1, read_models.detail_v1, read_models.feed_v1, read_models.counts_v1
    in share row exclusive mode;
end $$;

ALTER FUNCTION read_models.hold_writers() OWNER TO darkroom_owner;

CREATE FUNCTION read_models.list_page(wanted_tenant text, after_time timestamp with time zone, after_id uuid, later_than timestamp with time zone, earlier_than timestamp with time zone, statuses text[], wanted_model text, most integer) RETURNS TABLE(listed_at timestamp with time zone, head integer, id uuid, tenant text, version integer, state jsonb, prompt text, metadata jsonb, erased boolean, traceparent text)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
  perform set_config('darkroom.tenant', wanted_tenant, true);
  if statuses is null then
    return query
      with page as materialized (
        select l.id, l.created_at from read_models.detail_v1 l
        where l.tenant = wanted_tenant
          and (after_time is null or (l.created_at, l.id) < (after_time, after_id))
          and (later_than is null or l.created_at > later_than)
          and (earlier_than is null or l.created_at < earlier_than)
        order by l.created_at desc, l.id desc
        limit most
      )
      select page.created_at, s.version, d.id, d.tenant, d.version, d.state, d.prompt, d.metadata, d.erased, d.traceparent
      from page join read_models.detail_v1 d on d.id = page.id join event_store.streams s on s.id = page.id
      order by page.created_at desc, page.id desc;
  else
    return query
      with page as materialized (
        select of_one.id, of_one.created_at
        from (select distinct unnest(statuses) as status) wanted
        cross join lateral (
          select l.id, l.created_at from read_models.detail_v1 l
          where l.tenant = wanted_tenant and l.status = wanted.status
            and (wanted_model is null or l.model = wanted_model)
            and (after_time is null or (l.created_at, l.id) < (after_time, after_id))
            and (later_than is null or l.created_at > later_than)
            and (earlier_than is null or l.created_at < earlier_than)
          order by l.created_at desc, l.id desc
          limit most
        ) of_one
        order by of_one.created_at desc, of_one.id desc
        limit most
      )
      select page.created_at, s.version, d.id, d.tenant, d.version, d.state, d.prompt, d.metadata, d.erased, d.traceparent
      from page join read_models.detail_v1 d on d.id = page.id join event_store.streams s on s.id = page.id
      order by page.created_at desc, page.id desc;
  end if;
end $$;

ALTER FUNCTION read_models.list_page(wanted_tenant text, after_time timestamp with time zone, after_id uuid, later_than timestamp with time zone, earlier_than timestamp with time zone, statuses text[], wanted_model text, most integer) OWNER TO darkroom_owner;

CREATE FUNCTION read_models.locate_artifact(wanted uuid, reached_tx xid8, reached_position bigint, most integer) RETURNS TABLE(generation uuid, tenant text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  found uuid;
begin
  select a.generation into found from read_models.artifact_v1 a where a.id = wanted;
  if found is null then
    select late.stream into found from (
      select e.stream, e.type, e.data from event_store.events e
      where (e.tx, e.position) > (reached_tx, reached_position)
      order by e.tx, e.position limit most
    ) late
    where late.type = 'ArtifactStored' and late.data ->> 'artifactId' = wanted::text limit 1;
  end if;
  if found is null then
    -- Its row may have been written, and the place read, between the two looks.
    select a.generation into found from read_models.artifact_v1 a where a.id = wanted;
  end if;
  return query select s.id, s.tenant from event_store.streams s where s.id = found;
end $$;

ALTER FUNCTION read_models.locate_artifact(wanted uuid, reached_tx xid8, reached_position bigint, most integer) OWNER TO darkroom_owner;

CREATE FUNCTION read_models.move_counts_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
declare
  moved jsonb;
  -- The counters follow the table that moved, whatever its name is by then: a rebuild's tables take the live ones' place.
  counters text := case tg_table_name when 'detail_v1' then 'counts_v1' else 'counts_v1_next' end;
begin
  if tg_op = 'TRUNCATE' then
    execute format('delete from read_models.%I', counters);
    return null;
  elsif tg_op = 'INSERT' then
    select jsonb_agg(d) into moved from (
      select tenant, status, count(*) as n from arrived group by tenant, status) d;
  elsif tg_op = 'DELETE' then
    select jsonb_agg(d) into moved from (
      select tenant, status, -count(*) as n from gone group by tenant, status) d;
  else
    select jsonb_agg(d) into moved from (
      select tenant, status, sum(n) as n
      from (select tenant, status, -1 as n from gone union all select tenant, status, 1 from arrived) both_sides
      group by tenant, status having sum(n) <> 0) d;
  end if;
  if moved is null then
    return null;
  end if;
  -- An upsert comes here twice, for its inserts and for its updates: no order within each is an order over both. One writer of
  -- counters at a time, each with all its detail rows behind it, cannot deadlock.
  perform pg_advisory_xact_lock(hashtextextended('read_models.' || counters, 0));
  execute format('insert into read_models.%I as c (tenant, status, n)
    select tenant, status, n from jsonb_to_recordset($1) as r (tenant text, status text, n bigint)
    order by tenant, status
    on conflict (tenant, status) do update set n = c.n + excluded.n', counters) using moved;
  return null;
end $_$;

ALTER FUNCTION read_models.move_counts_v1() OWNER TO darkroom_owner;

CREATE FUNCTION read_models.spent_since(wanted_tenant text, since timestamp with time zone, named uuid[]) RETURNS TABLE(spent bigint, seen uuid[])
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
  perform set_config('darkroom.tenant', wanted_tenant, true);
  return query
    select coalesce(sum(d.spent_micros), 0)::bigint, coalesce(array_agg(d.id) filter (where d.id = any (named)), '{}')
    from read_models.detail_v1 d
    where d.tenant = wanted_tenant and d.created_at >= since;
end $$;

ALTER FUNCTION read_models.spent_since(wanted_tenant text, since timestamp with time zone, named uuid[]) OWNER TO darkroom_owner;

CREATE TABLE artifact.job_migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE artifact.job_migrations OWNER TO darkroom_owner;

COMMENT ON TABLE artifact.job_migrations IS 'access 894b6ca8b3074c1486636cebd633738a95e19f1a662f7f517c882c31252f8ca8';

CREATE SEQUENCE artifact.slots
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE artifact.slots OWNER TO darkroom_owner;

CREATE TABLE artifact.turns (
    account text NOT NULL,
    tenant text NOT NULL,
    served bigint NOT NULL,
    seen_at timestamp with time zone DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE artifact.turns OWNER TO darkroom_owner;

CREATE TABLE bus.guard (
    consumer text NOT NULL,
    stream uuid NOT NULL,
    version integer NOT NULL
)
WITH (fillfactor='80');

ALTER TABLE bus.guard OWNER TO darkroom_owner;

CREATE TABLE bus.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE bus.migrations OWNER TO darkroom_owner;

COMMENT ON TABLE bus.migrations IS 'access e8e7d2d38ff05ca21321858f36d25124e1336918336faec7b1ad1ad276c4e950';

CREATE TABLE bus.parked (
    consumer text NOT NULL,
    stream uuid NOT NULL,
    version integer NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    last_version integer NOT NULL,
    error jsonb NOT NULL,
    attempts integer NOT NULL,
    parked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_tried_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    next_try_at timestamp with time zone NOT NULL,
    CONSTRAINT parked_check CHECK (((last_version >= version) AND (attempts > 0)))
);

ALTER TABLE bus.parked OWNER TO darkroom_owner;

CREATE TABLE bus.refused_records (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    reason text NOT NULL,
    size integer NOT NULL,
    sha256 text NOT NULL,
    beginning bytea NOT NULL,
    refused_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE bus.refused_records OWNER TO darkroom_owner;

CREATE TABLE control_plane.audit (
    id uuid NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    operator uuid NOT NULL,
    action text NOT NULL,
    generation uuid,
    reason text NOT NULL,
    request jsonb NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL
);

ALTER TABLE control_plane.audit OWNER TO darkroom_owner;

CREATE TABLE control_plane.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE control_plane.migrations OWNER TO darkroom_owner;

COMMENT ON TABLE control_plane.migrations IS 'access 51ceaeb7cd4f927ba5ee4cdd26d505b9ce05ed2a39ea29af6ea3f6505e7ab629';

CREATE TABLE control_plane.operator_keys (
    id uuid NOT NULL,
    hash bytea NOT NULL,
    label text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT operator_keys_hash_check CHECK ((octet_length(hash) = 32))
);

ALTER TABLE control_plane.operator_keys OWNER TO darkroom_owner;

CREATE TABLE event_store.checkpoints (
    subscription text NOT NULL,
    tx xid8 NOT NULL,
    "position" bigint NOT NULL,
    holder text,
    fencing bigint DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone
)
WITH (fillfactor='50');

ALTER TABLE event_store.checkpoints OWNER TO darkroom_owner;

CREATE TABLE event_store.events (
    "position" bigint NOT NULL,
    tx xid8 DEFAULT event_store.current_tx() NOT NULL,
    stream uuid NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    id uuid NOT NULL,
    data jsonb NOT NULL,
    metadata jsonb NOT NULL,
    personal jsonb,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY event_store.events FORCE ROW LEVEL SECURITY;

ALTER TABLE event_store.events OWNER TO darkroom_owner;

ALTER TABLE event_store.events ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME event_store.events_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE event_store.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE event_store.migrations OWNER TO darkroom_owner;

COMMENT ON TABLE event_store.migrations IS 'access 6368a5b6fabee7938c5017d9963fa349905145ae7fda32d9757746da8ad2d365';

CREATE TABLE event_store.streams (
    id uuid NOT NULL,
    version integer NOT NULL,
    tenant text NOT NULL,
    idempotency_key text COLLATE pg_catalog."C",
    fingerprint text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
WITH (fillfactor='80');

ALTER TABLE ONLY event_store.streams FORCE ROW LEVEL SECURITY;

ALTER TABLE event_store.streams OWNER TO darkroom_owner;

CREATE TABLE gateway.account_gates (
    account text NOT NULL,
    not_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    paused_by text,
    next_turn timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    bears double precision,
    cut_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    tries double precision DEFAULT 20 NOT NULL,
    tries_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    half_minute bigint DEFAULT 0 NOT NULL,
    submits integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    submits_before integer DEFAULT 0 NOT NULL,
    failures_before integer DEFAULT 0 NOT NULL,
    failed_in_a_row integer DEFAULT 0 NOT NULL,
    probes_failed integer DEFAULT 0 NOT NULL,
    spend_day date,
    spent bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='500');

ALTER TABLE gateway.account_gates OWNER TO darkroom_owner;

CREATE TABLE gateway.job_migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE gateway.job_migrations OWNER TO darkroom_owner;

COMMENT ON TABLE gateway.job_migrations IS 'access 7b79d9b707276a331ae2178b006fd3ed43f1ff5bd9fe8f359d0436abddd79bdf';

CREATE TABLE gateway.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE gateway.migrations OWNER TO darkroom_owner;

COMMENT ON TABLE gateway.migrations IS 'access d64b5194ff11e71200980f7f1a937e26dae63d2435cc66237cb6faf217d288cc';

CREATE TABLE gateway.model_durations (
    model text NOT NULL,
    bucket integer NOT NULL,
    n double precision NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE gateway.model_durations OWNER TO darkroom_owner;

CREATE SEQUENCE gateway.slots
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE gateway.slots OWNER TO darkroom_owner;

CREATE TABLE gateway.spend (
    generation uuid NOT NULL,
    attempt integer NOT NULL,
    account text NOT NULL,
    day date NOT NULL,
    micros bigint NOT NULL
);

ALTER TABLE gateway.spend OWNER TO darkroom_owner;

CREATE TABLE gateway.turns (
    account text NOT NULL,
    tenant text NOT NULL,
    served bigint NOT NULL,
    seen_at timestamp with time zone DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE gateway.turns OWNER TO darkroom_owner;

CREATE TABLE gateway.vendor_jobs (
    account text NOT NULL,
    vendor_job_id text NOT NULL,
    generation uuid NOT NULL,
    attempt integer NOT NULL
);

ALTER TABLE gateway.vendor_jobs OWNER TO darkroom_owner;

CREATE TABLE intake.api_key_audit (
    id bigint NOT NULL,
    key uuid NOT NULL,
    tenant text NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT api_key_audit_action_check CHECK ((action = ANY (ARRAY['added'::text, 'revoked'::text])))
);

ALTER TABLE intake.api_key_audit OWNER TO darkroom_owner;

ALTER TABLE intake.api_key_audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME intake.api_key_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE intake.api_keys (
    id uuid NOT NULL,
    tenant text NOT NULL,
    hash bytea NOT NULL,
    label text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_hash_check CHECK ((octet_length(hash) = 32))
);

ALTER TABLE intake.api_keys OWNER TO darkroom_owner;

CREATE TABLE intake.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE intake.migrations OWNER TO darkroom_owner;

COMMENT ON TABLE intake.migrations IS 'access 7d93e9a10af1d09af0ccaf3ec10b442802688ca47be25bf12557bec7910e625a';

CREATE TABLE intake.tenants (
    id text NOT NULL,
    title text NOT NULL,
    default_route text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    daily_budget_micros bigint,
    CONSTRAINT tenants_daily_budget_micros_check CHECK ((daily_budget_micros >= 0)),
    CONSTRAINT tenants_default_route_check CHECK (((cardinality(default_route) >= 1) AND (cardinality(default_route) <= 8))),
    CONSTRAINT tenants_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);

ALTER TABLE intake.tenants OWNER TO darkroom_owner;

CREATE TABLE intake.webhook_inbox (
    id uuid NOT NULL,
    provider text NOT NULL,
    generation uuid NOT NULL,
    attempt integer NOT NULL,
    notification_id text NOT NULL,
    body_sha256 text NOT NULL,
    body bytea NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT webhook_inbox_attempt_check CHECK ((attempt > 0)),
    CONSTRAINT webhook_inbox_body_sha256_check CHECK ((body_sha256 ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE intake.webhook_inbox OWNER TO darkroom_owner;

CREATE TABLE read_models.artifact_v1 (
    id uuid NOT NULL,
    generation uuid NOT NULL
);

ALTER TABLE read_models.artifact_v1 OWNER TO darkroom_owner;

CREATE TABLE read_models.artifact_v1_next (
    id uuid NOT NULL,
    generation uuid NOT NULL
);

ALTER TABLE read_models.artifact_v1_next OWNER TO darkroom_owner;

CREATE TABLE read_models.counts_v1 (
    tenant text NOT NULL,
    status text NOT NULL,
    n bigint NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY read_models.counts_v1 FORCE ROW LEVEL SECURITY;

ALTER TABLE read_models.counts_v1 OWNER TO darkroom_owner;

CREATE TABLE read_models.counts_v1_next (
    tenant text NOT NULL,
    status text NOT NULL,
    n bigint NOT NULL
);

ALTER TABLE read_models.counts_v1_next OWNER TO darkroom_owner;

CREATE TABLE read_models.detail_v1 (
    id uuid NOT NULL,
    tenant text NOT NULL,
    version integer NOT NULL,
    run integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    model text NOT NULL,
    open_questions integer NOT NULL,
    paid_orphans integer NOT NULL,
    state jsonb NOT NULL,
    prompt text,
    metadata jsonb NOT NULL,
    erased boolean NOT NULL,
    traceparent text,
    spent_micros bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY read_models.detail_v1 FORCE ROW LEVEL SECURITY;

ALTER TABLE read_models.detail_v1 OWNER TO darkroom_owner;

CREATE TABLE read_models.detail_v1_next (
    id uuid NOT NULL,
    tenant text NOT NULL,
    version integer NOT NULL,
    run integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    model text NOT NULL,
    open_questions integer NOT NULL,
    paid_orphans integer NOT NULL,
    state jsonb NOT NULL,
    prompt text,
    metadata jsonb NOT NULL,
    erased boolean NOT NULL,
    traceparent text,
    spent_micros bigint DEFAULT 0 NOT NULL
);

ALTER TABLE read_models.detail_v1_next OWNER TO darkroom_owner;

CREATE TABLE read_models.feed_v1 (
    tenant text NOT NULL,
    cursor text NOT NULL COLLATE pg_catalog."C",
    event uuid NOT NULL,
    generation uuid NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    data jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY read_models.feed_v1 FORCE ROW LEVEL SECURITY;

ALTER TABLE read_models.feed_v1 OWNER TO darkroom_owner;

CREATE TABLE read_models.feed_v1_next (
    tenant text NOT NULL,
    cursor text NOT NULL COLLATE pg_catalog."C",
    event uuid NOT NULL,
    generation uuid NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    data jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

ALTER TABLE read_models.feed_v1_next OWNER TO darkroom_owner;

CREATE TABLE read_models.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE read_models.migrations OWNER TO darkroom_owner;

COMMENT ON TABLE read_models.migrations IS 'access ba8a1aabfe592fbf2119a7ff396481d7e7bbf382997a66d4f71a3c8107408b71';

CREATE TABLE read_models.rebuilds (
    id uuid NOT NULL,
    asked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    asked_by text NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    started_at timestamp with time zone,
    events bigint DEFAULT 0 NOT NULL,
    events_about bigint,
    skipped bigint DEFAULT 0 NOT NULL,
    finished_at timestamp with time zone,
    error text,
    CONSTRAINT rebuilds_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'building'::text, 'catching_up'::text, 'switched'::text, 'failed'::text])))
);

ALTER TABLE read_models.rebuilds OWNER TO darkroom_owner;

ALTER TABLE ONLY artifact.job_migrations
    ADD CONSTRAINT job_migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY artifact.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (generation);

ALTER TABLE ONLY artifact.turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (account, tenant);

ALTER TABLE ONLY bus.guard
    ADD CONSTRAINT guard_pkey PRIMARY KEY (consumer, stream);

ALTER TABLE ONLY bus.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY bus.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (consumer, stream);

ALTER TABLE ONLY bus.refused_records
    ADD CONSTRAINT refused_records_pkey PRIMARY KEY (consumer, topic, partition, "offset");

ALTER TABLE ONLY control_plane.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY control_plane.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY control_plane.operator_keys
    ADD CONSTRAINT operator_keys_hash_key UNIQUE (hash);

ALTER TABLE ONLY control_plane.operator_keys
    ADD CONSTRAINT operator_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY event_store.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (subscription);

ALTER TABLE ONLY event_store.events
    ADD CONSTRAINT events_in_order UNIQUE (tx, "position");

ALTER TABLE ONLY event_store.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (stream, version);

ALTER TABLE ONLY event_store.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY event_store.streams
    ADD CONSTRAINT streams_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.account_gates
    ADD CONSTRAINT account_gates_pkey PRIMARY KEY (account);

ALTER TABLE ONLY gateway.job_migrations
    ADD CONSTRAINT job_migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY gateway.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (generation);

ALTER TABLE ONLY gateway.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY gateway.model_durations
    ADD CONSTRAINT model_durations_pkey PRIMARY KEY (model, bucket);

ALTER TABLE ONLY gateway.spend
    ADD CONSTRAINT spend_pkey PRIMARY KEY (generation, attempt);

ALTER TABLE ONLY gateway.turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (account, tenant);

ALTER TABLE ONLY gateway.vendor_jobs
    ADD CONSTRAINT vendor_jobs_pkey PRIMARY KEY (account, vendor_job_id);

ALTER TABLE ONLY intake.api_key_audit
    ADD CONSTRAINT api_key_audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY intake.api_keys
    ADD CONSTRAINT api_keys_hash_key UNIQUE (hash);

ALTER TABLE ONLY intake.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY intake.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY intake.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY intake.webhook_inbox
    ADD CONSTRAINT webhook_inbox_generation_attempt_body_sha256_key UNIQUE (generation, attempt, body_sha256);

ALTER TABLE ONLY intake.webhook_inbox
    ADD CONSTRAINT webhook_inbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY read_models.artifact_v1_next
    ADD CONSTRAINT artifact_v1_next_pkey PRIMARY KEY (id);

ALTER TABLE ONLY read_models.artifact_v1
    ADD CONSTRAINT artifact_v1_pkey PRIMARY KEY (id);

ALTER TABLE ONLY read_models.counts_v1_next
    ADD CONSTRAINT counts_v1_next_pkey PRIMARY KEY (tenant, status);

ALTER TABLE ONLY read_models.counts_v1
    ADD CONSTRAINT counts_v1_pkey PRIMARY KEY (tenant, status);

ALTER TABLE ONLY read_models.detail_v1_next
    ADD CONSTRAINT detail_v1_next_pkey PRIMARY KEY (id);

ALTER TABLE ONLY read_models.detail_v1
    ADD CONSTRAINT detail_v1_pkey PRIMARY KEY (id);

ALTER TABLE ONLY read_models.feed_v1_next
    ADD CONSTRAINT feed_v1_next_pkey PRIMARY KEY (tenant, cursor);

ALTER TABLE ONLY read_models.feed_v1
    ADD CONSTRAINT feed_v1_pkey PRIMARY KEY (tenant, cursor);

ALTER TABLE ONLY read_models.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY read_models.rebuilds
    ADD CONSTRAINT rebuilds_pkey PRIMARY KEY (id);

CREATE INDEX jobs_due ON artifact.jobs USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX jobs_elsewhere ON artifact.jobs USING btree (account, ready_since, generation) WHERE (elsewhere AND (ready_since IS NOT NULL) AND (holder IS NULL));

CREATE INDEX jobs_ready ON artifact.jobs USING btree (account, tenant, ready_since) WHERE ((ready_since IS NOT NULL) AND (holder IS NULL));

CREATE INDEX jobs_slots ON artifact.jobs USING btree (account, slot) WHERE holds_slot;

CREATE INDEX turns_seen ON artifact.turns USING btree (account, seen_at) WHERE (tenant <> ''::text);

CREATE INDEX parked_due ON bus.parked USING btree (consumer, next_try_at);

CREATE INDEX audit_of_generation ON control_plane.audit USING btree (generation, at DESC, id DESC);

CREATE INDEX audit_order ON control_plane.audit USING btree (at DESC, id DESC);

CREATE UNIQUE INDEX streams_by_key ON event_store.streams USING btree (tenant, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX jobs_due ON gateway.jobs USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX jobs_elsewhere ON gateway.jobs USING btree (account, ready_since, generation) WHERE (elsewhere AND (ready_since IS NOT NULL) AND (holder IS NULL));

CREATE INDEX jobs_ready ON gateway.jobs USING btree (account, tenant, ready_since) WHERE ((ready_since IS NOT NULL) AND (holder IS NULL));

CREATE INDEX jobs_slots ON gateway.jobs USING btree (account, slot) WHERE holds_slot;

CREATE INDEX spend_of_a_day ON gateway.spend USING btree (account, day) INCLUDE (micros);

CREATE INDEX turns_seen ON gateway.turns USING btree (account, seen_at) WHERE (tenant <> ''::text);

CREATE INDEX api_keys_tenant ON intake.api_keys USING btree (tenant);

CREATE INDEX detail_v1_by_model ON read_models.detail_v1 USING btree (tenant, model, status, created_at DESC, id DESC);

CREATE INDEX detail_v1_by_status ON read_models.detail_v1 USING btree (tenant, status, created_at DESC, id DESC);

CREATE INDEX detail_v1_list ON read_models.detail_v1 USING btree (tenant, created_at DESC, id DESC);

CREATE INDEX detail_v1_next_by_model ON read_models.detail_v1_next USING btree (tenant, model, status, created_at DESC, id DESC);

CREATE INDEX detail_v1_next_by_status ON read_models.detail_v1_next USING btree (tenant, status, created_at DESC, id DESC);

CREATE INDEX detail_v1_next_list ON read_models.detail_v1_next USING btree (tenant, created_at DESC, id DESC);

CREATE INDEX detail_v1_next_open_questions ON read_models.detail_v1_next USING btree (id) WHERE (open_questions > 0);

CREATE INDEX detail_v1_next_paid_orphans ON read_models.detail_v1_next USING btree (id) WHERE (paid_orphans > 0);

CREATE INDEX detail_v1_next_spend ON read_models.detail_v1_next USING btree (tenant, created_at) INCLUDE (spent_micros, id);

CREATE INDEX detail_v1_open_questions ON read_models.detail_v1 USING btree (id) WHERE (open_questions > 0);

CREATE INDEX detail_v1_paid_orphans ON read_models.detail_v1 USING btree (id) WHERE (paid_orphans > 0);

CREATE INDEX detail_v1_spend ON read_models.detail_v1 USING btree (tenant, created_at) INCLUDE (spent_micros, id);

CREATE UNIQUE INDEX rebuilds_open ON read_models.rebuilds USING btree ((true)) WHERE (state = ANY (ARRAY['asked'::text, 'building'::text, 'catching_up'::text]));

CREATE TRIGGER count_deleted AFTER DELETE ON read_models.detail_v1 REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION read_models.move_counts_v1();

CREATE TRIGGER count_deleted AFTER DELETE ON read_models.detail_v1_next REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION read_models.move_counts_v1();

CREATE TRIGGER count_inserted AFTER INSERT ON read_models.detail_v1 REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION read_models.move_counts_v1();

CREATE TRIGGER count_inserted AFTER INSERT ON read_models.detail_v1_next REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION read_models.move_counts_v1();

CREATE TRIGGER count_truncated AFTER TRUNCATE ON read_models.detail_v1 FOR EACH STATEMENT EXECUTE FUNCTION read_models.move_counts_v1();

CREATE TRIGGER count_truncated AFTER TRUNCATE ON read_models.detail_v1_next FOR EACH STATEMENT EXECUTE FUNCTION read_models.move_counts_v1();

CREATE TRIGGER count_updated AFTER UPDATE ON read_models.detail_v1 REFERENCING OLD TABLE AS gone NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION read_models.move_counts_v1();

CREATE TRIGGER count_updated AFTER UPDATE ON read_models.detail_v1_next REFERENCING OLD TABLE AS gone NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION read_models.move_counts_v1();

ALTER TABLE ONLY intake.api_keys
    ADD CONSTRAINT api_keys_tenant_fkey FOREIGN KEY (tenant) REFERENCES intake.tenants(id);

ALTER TABLE event_store.events ENABLE ROW LEVEL SECURITY;

CREATE POLICY every_tenant ON event_store.events TO darkroom_worker USING (true);

CREATE POLICY every_tenant ON event_store.streams TO darkroom_worker USING (true);

CREATE POLICY one_tenant ON event_store.events FOR SELECT TO darkroom_api USING ((EXISTS ( SELECT
   FROM event_store.streams s
  WHERE ((s.id = events.stream) AND (s.tenant = NULLIF(current_setting('darkroom.tenant'::text, true), ''::text))))));

CREATE POLICY one_tenant ON event_store.streams FOR SELECT TO darkroom_api USING ((tenant = NULLIF(current_setting('darkroom.tenant'::text, true), ''::text)));

ALTER TABLE event_store.streams ENABLE ROW LEVEL SECURITY;

CREATE POLICY within_definers ON event_store.events TO darkroom_owner USING ((current_setting('search_path'::text) = 'pg_catalog, pg_temp'::text));

CREATE POLICY within_definers ON event_store.streams TO darkroom_owner USING ((current_setting('search_path'::text) = 'pg_catalog, pg_temp'::text));

ALTER TABLE read_models.counts_v1 ENABLE ROW LEVEL SECURITY;

ALTER TABLE read_models.detail_v1 ENABLE ROW LEVEL SECURITY;

CREATE POLICY every_tenant ON read_models.counts_v1 TO darkroom_worker USING (true);

CREATE POLICY every_tenant ON read_models.counts_v1_next TO darkroom_worker USING (true);

CREATE POLICY every_tenant ON read_models.detail_v1 TO darkroom_worker USING (true);

CREATE POLICY every_tenant ON read_models.detail_v1_next TO darkroom_worker USING (true);

CREATE POLICY every_tenant ON read_models.feed_v1 TO darkroom_worker USING (true);

CREATE POLICY every_tenant ON read_models.feed_v1_next TO darkroom_worker USING (true);

ALTER TABLE read_models.feed_v1 ENABLE ROW LEVEL SECURITY;

CREATE POLICY one_tenant ON read_models.counts_v1 FOR SELECT TO darkroom_api USING ((tenant = NULLIF(current_setting('darkroom.tenant'::text, true), ''::text)));

CREATE POLICY one_tenant ON read_models.counts_v1_next FOR SELECT TO darkroom_api USING ((tenant = NULLIF(current_setting('darkroom.tenant'::text, true), ''::text)));

CREATE POLICY one_tenant ON read_models.detail_v1 FOR SELECT TO darkroom_api USING ((tenant = NULLIF(current_setting('darkroom.tenant'::text, true), ''::text)));

CREATE POLICY one_tenant ON read_models.detail_v1_next FOR SELECT TO darkroom_api USING ((tenant = NULLIF(current_setting('darkroom.tenant'::text, true), ''::text)));

CREATE POLICY one_tenant ON read_models.feed_v1 FOR SELECT TO darkroom_api USING ((tenant = NULLIF(current_setting('darkroom.tenant'::text, true), ''::text)));

CREATE POLICY one_tenant ON read_models.feed_v1_next FOR SELECT TO darkroom_api USING ((tenant = NULLIF(current_setting('darkroom.tenant'::text, true), ''::text)));

CREATE POLICY within_definers ON read_models.counts_v1 TO darkroom_owner USING ((current_setting('search_path'::text) = 'pg_catalog, pg_temp'::text));

CREATE POLICY within_definers ON read_models.counts_v1_next TO darkroom_owner USING ((current_setting('search_path'::text) = 'pg_catalog, pg_temp'::text));

CREATE POLICY within_definers ON read_models.detail_v1 TO darkroom_owner USING ((current_setting('search_path'::text) = 'pg_catalog, pg_temp'::text));

CREATE POLICY within_definers ON read_models.detail_v1_next TO darkroom_owner USING ((current_setting('search_path'::text) = 'pg_catalog, pg_temp'::text));

CREATE POLICY within_definers ON read_models.feed_v1 TO darkroom_owner USING ((current_setting('search_path'::text) = 'pg_catalog, pg_temp'::text));

CREATE POLICY within_definers ON read_models.feed_v1_next TO darkroom_owner USING ((current_setting('search_path'::text) = 'pg_catalog, pg_temp'::text));

GRANT USAGE ON SCHEMA artifact TO darkroom_worker;

GRANT USAGE ON SCHEMA bus TO darkroom_worker;

GRANT USAGE ON SCHEMA control_plane TO darkroom_worker;

GRANT USAGE ON SCHEMA event_store TO darkroom_worker;
GRANT USAGE ON SCHEMA event_store TO darkroom_api;

GRANT USAGE ON SCHEMA gateway TO darkroom_worker;

GRANT USAGE ON SCHEMA intake TO darkroom_api;

GRANT USAGE ON SCHEMA read_models TO darkroom_worker;
GRANT USAGE ON SCHEMA read_models TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE artifact.jobs TO darkroom_worker;

REVOKE ALL ON FUNCTION event_store.append(batch jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.append(batch jsonb) TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.append(batch jsonb) TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.create_streams(batch jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.create_streams(batch jsonb) TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.create_streams(batch jsonb) TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.current_tx() FROM PUBLIC;

REVOKE ALL ON FUNCTION event_store.erase_personal(wanted_tenant text, wanted_stream uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.erase_personal(wanted_tenant text, wanted_stream uuid) TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.erase_personal(wanted_tenant text, wanted_stream uuid) TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.find_by_key(wanted_tenant text, wanted_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.find_by_key(wanted_tenant text, wanted_key text) TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.find_by_key(wanted_tenant text, wanted_key text) TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.highest_place() FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.highest_place() TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.highest_place() TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.horizon() FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.horizon() TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.horizon() TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.judge_append(wanted_stream uuid, expected integer, mode text, ids uuid[], types text[], OUT outcome text, OUT version integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION event_store.lock_and_judge(batch jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.lock_and_judge(batch jsonb) TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.lock_and_judge(batch jsonb) TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.lock_streams(streams uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION event_store.read_stream(wanted_tenant text, wanted_stream uuid, beyond integer) FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.read_stream(wanted_tenant text, wanted_stream uuid, beyond integer) TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.read_stream(wanted_tenant text, wanted_stream uuid, beyond integer) TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.tenant_of(wanted_stream uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.tenant_of(wanted_stream uuid) TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.tenant_of(wanted_stream uuid) TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.tx_offset() FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.tx_offset() TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.tx_offset() TO darkroom_api;

REVOKE ALL ON FUNCTION event_store.write_events(wanted_stream uuid, present integer, tenant text, metadata jsonb, events jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION event_store.write_judged(batch jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION event_store.write_judged(batch jsonb) TO darkroom_worker;
GRANT ALL ON FUNCTION event_store.write_judged(batch jsonb) TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.jobs TO darkroom_worker;

REVOKE ALL ON FUNCTION read_models.clear_next() FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.clear_next() TO darkroom_worker;

REVOKE ALL ON FUNCTION read_models.counts(wanted_tenant text) FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.counts(wanted_tenant text) TO darkroom_worker;
GRANT ALL ON FUNCTION read_models.counts(wanted_tenant text) TO darkroom_api;

REVOKE ALL ON FUNCTION read_models.exchange() FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.exchange() TO darkroom_worker;

REVOKE ALL ON FUNCTION read_models.feed_page(wanted_tenant text, beyond text, types text[], most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.feed_page(wanted_tenant text, beyond text, types text[], most integer) TO darkroom_worker;
GRANT ALL ON FUNCTION read_models.feed_page(wanted_tenant text, beyond text, types text[], most integer) TO darkroom_api;

REVOKE ALL ON FUNCTION read_models.feeds_after(tenants text[], cursors text[], most_each integer) FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.feeds_after(tenants text[], cursors text[], most_each integer) TO darkroom_worker;
GRANT ALL ON FUNCTION read_models.feeds_after(tenants text[], cursors text[], most_each integer) TO darkroom_api;

REVOKE ALL ON FUNCTION read_models.generation(wanted_tenant text, wanted_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.generation(wanted_tenant text, wanted_id uuid) TO darkroom_worker;
GRANT ALL ON FUNCTION read_models.generation(wanted_tenant text, wanted_id uuid) TO darkroom_api;

REVOKE ALL ON FUNCTION read_models.hold_writers() FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.hold_writers() TO darkroom_worker;

REVOKE ALL ON FUNCTION read_models.list_page(wanted_tenant text, after_time timestamp with time zone, after_id uuid, later_than timestamp with time zone, earlier_than timestamp with time zone, statuses text[], wanted_model text, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.list_page(wanted_tenant text, after_time timestamp with time zone, after_id uuid, later_than timestamp with time zone, earlier_than timestamp with time zone, statuses text[], wanted_model text, most integer) TO darkroom_worker;
GRANT ALL ON FUNCTION read_models.list_page(wanted_tenant text, after_time timestamp with time zone, after_id uuid, later_than timestamp with time zone, earlier_than timestamp with time zone, statuses text[], wanted_model text, most integer) TO darkroom_api;

REVOKE ALL ON FUNCTION read_models.locate_artifact(wanted uuid, reached_tx xid8, reached_position bigint, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.locate_artifact(wanted uuid, reached_tx xid8, reached_position bigint, most integer) TO darkroom_worker;
GRANT ALL ON FUNCTION read_models.locate_artifact(wanted uuid, reached_tx xid8, reached_position bigint, most integer) TO darkroom_api;

REVOKE ALL ON FUNCTION read_models.move_counts_v1() FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.move_counts_v1() TO darkroom_worker;

REVOKE ALL ON FUNCTION read_models.spent_since(wanted_tenant text, since timestamp with time zone, named uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION read_models.spent_since(wanted_tenant text, since timestamp with time zone, named uuid[]) TO darkroom_worker;
GRANT ALL ON FUNCTION read_models.spent_since(wanted_tenant text, since timestamp with time zone, named uuid[]) TO darkroom_api;

GRANT SELECT ON TABLE artifact.job_migrations TO darkroom_worker;

GRANT SELECT,USAGE ON SEQUENCE artifact.slots TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE artifact.turns TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bus.guard TO darkroom_worker;

GRANT SELECT ON TABLE bus.migrations TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bus.parked TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bus.refused_records TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE control_plane.audit TO darkroom_worker;

GRANT SELECT ON TABLE control_plane.migrations TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE control_plane.operator_keys TO darkroom_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE event_store.checkpoints TO darkroom_worker;
GRANT SELECT ON TABLE event_store.checkpoints TO darkroom_api;

GRANT SELECT ON TABLE event_store.events TO darkroom_worker;
GRANT SELECT ON TABLE event_store.events TO darkroom_api;

GRANT SELECT ON TABLE event_store.migrations TO darkroom_worker;
GRANT SELECT ON TABLE event_store.migrations TO darkroom_api;

GRANT SELECT ON TABLE event_store.streams TO darkroom_worker;
GRANT SELECT ON TABLE event_store.streams TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.account_gates TO darkroom_worker;

GRANT SELECT ON TABLE gateway.job_migrations TO darkroom_worker;

GRANT SELECT ON TABLE gateway.migrations TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.model_durations TO darkroom_worker;

GRANT SELECT,USAGE ON SEQUENCE gateway.slots TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.spend TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.turns TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.vendor_jobs TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE intake.api_key_audit TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE intake.api_keys TO darkroom_api;

GRANT SELECT ON TABLE intake.migrations TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE intake.tenants TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE intake.webhook_inbox TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE read_models.artifact_v1 TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE read_models.artifact_v1_next TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE read_models.counts_v1 TO darkroom_worker;
GRANT SELECT ON TABLE read_models.counts_v1 TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE read_models.counts_v1_next TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE read_models.detail_v1 TO darkroom_worker;
GRANT SELECT ON TABLE read_models.detail_v1 TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE read_models.detail_v1_next TO darkroom_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE read_models.feed_v1 TO darkroom_worker;
GRANT SELECT ON TABLE read_models.feed_v1 TO darkroom_api;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE read_models.feed_v1_next TO darkroom_worker;

GRANT SELECT ON TABLE read_models.migrations TO darkroom_worker;
GRANT SELECT ON TABLE read_models.migrations TO darkroom_api;

GRANT SELECT,INSERT,UPDATE ON TABLE read_models.rebuilds TO darkroom_worker;

