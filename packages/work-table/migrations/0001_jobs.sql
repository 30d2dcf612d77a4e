-- One row a generation. A row is held (`holder`, `fencing`) or free; `due_at` is when somebody must take it: for a free row
-- its next action, for a held one the end of its lease. So that one index serves both, and costs by what is due.
CREATE TABLE {{schema}}.jobs (
  generation uuid PRIMARY KEY,
  tenant text NOT NULL,
  phase text,
  due_at timestamptz,
  -- Waits for a slot of `account` since then. Kept while held: who gives it back keeps its place.
  ready_since timestamptz,
  account text,
  holds_slot boolean NOT NULL DEFAULT false,
  folded_version integer NOT NULL DEFAULT 0,
  seen_version integer NOT NULL DEFAULT 0,
  -- A wake came while the row was held, for this time: it is due again when its holder lets go.
  woken_at timestamptz,
  holder text,
  fencing bigint NOT NULL DEFAULT 0,
  traceparent text,
  CONSTRAINT slot_of_an_account CHECK (account IS NOT NULL OR (NOT holds_slot AND ready_since IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);

CREATE INDEX jobs_due ON {{schema}}.jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_ready ON {{schema}}.jobs (account, tenant, ready_since) WHERE ready_since IS NOT NULL AND holder IS NULL;
CREATE INDEX jobs_slots ON {{schema}}.jobs (account) WHERE holds_slot;

-- Whose turn it is: the tenant with the lowest number goes first.
CREATE TABLE {{schema}}.turns (
  account text NOT NULL,
  tenant text NOT NULL,
  served bigint NOT NULL,
  PRIMARY KEY (account, tenant)
) WITH (fillfactor = 50);

-- Claims cost by what is due, not by what exists. Hence functions that plan anew each time: a plan kept from when the table was
-- small, or made for a limit that is not known, reads all of it (seen: 40,000 rows for none due). The clock is read in a
-- subquery (called directly it is volatile, and the whole index would be walked), and the update finds its rows by an array.
CREATE FUNCTION {{schema}}.claim_timed(wanted_holder text, most integer, lease interval)
RETURNS TABLE (job {{schema}}.jobs, taken_over boolean)
LANGUAGE sql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
  WITH due AS MATERIALIZED (
    SELECT d.generation, d.holder IS NOT NULL AS taken_over, d.due_at FROM {{schema}}.jobs d
    WHERE d.due_at <= (SELECT clock_timestamp())
    ORDER BY d.due_at LIMIT most FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE {{schema}}.jobs j
    SET holder = wanted_holder, fencing = j.fencing + 1, due_at = clock_timestamp() + lease, woken_at = NULL
    WHERE j.generation = ANY (ARRAY(SELECT d.generation FROM due d))
    RETURNING j AS job
  )
  SELECT c.job, d.taken_over FROM claimed c JOIN due d ON d.generation = (c.job).generation ORDER BY d.due_at;
$$;

-- Slots are counted rows, never a counter, so that none can leak. Who takes one takes the account's lock as its first work
-- (nothing is written before the wait: no xid holds the log's readers back) and counts in a statement of its own, whose
-- snapshot is younger than the wait. One round trip each: a process that stalls cannot keep the lock.
CREATE FUNCTION {{schema}}.lock_account(wanted text) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('{{schema}}.slots:' || wanted, 0));
$$;

CREATE FUNCTION {{schema}}.take_slot(wanted_generation uuid, held_fencing bigint, wanted_account text, slots integer)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  used integer;
BEGIN
  PERFORM {{schema}}.lock_account(wanted_account);
  SELECT count(*) INTO used FROM {{schema}}.jobs j
  WHERE j.account = wanted_account AND j.holds_slot AND j.generation <> wanted_generation;
  IF used >= slots THEN
    RETURN false;
  END IF;
  UPDATE {{schema}}.jobs j SET account = wanted_account, holds_slot = true
  WHERE j.generation = wanted_generation AND j.fencing = held_fencing AND j.holder IS NOT NULL;
  RETURN FOUND;
END $$;

-- Claims rows that wait for a slot, at most as many as are free, each with its slot. The tenants are found by skipping
-- through the index from one to the next: a backlog of one of them costs nothing.
CREATE FUNCTION {{schema}}.claim_ready(wanted_account text, slots integer, wanted_holder text, most integer, lease interval)
RETURNS SETOF {{schema}}.jobs
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  free integer;
  last_served bigint;
  candidates uuid[];
  picked uuid[];
BEGIN
  PERFORM {{schema}}.lock_account(wanted_account);
  SELECT slots - count(*) INTO free FROM {{schema}}.jobs j WHERE j.account = wanted_account AND j.holds_slot;
  free := least(free, most);
  IF free <= 0 THEN
    RETURN;
  END IF;
  SELECT coalesce(max(t.served), 0) INTO last_served FROM {{schema}}.turns t WHERE t.account = wanted_account;
  WITH RECURSIVE waiting AS (
    (SELECT j.tenant FROM {{schema}}.jobs j
     WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL
     ORDER BY j.tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT j.tenant FROM {{schema}}.jobs j
            WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL AND j.tenant > w.tenant
            ORDER BY j.tenant LIMIT 1)
    FROM waiting w WHERE w.tenant IS NOT NULL
  ), tenants AS MATERIALIZED (
    SELECT w.tenant, coalesce(t.served, 0) AS served
    FROM waiting w LEFT JOIN {{schema}}.turns t ON t.account = wanted_account AND t.tenant = w.tenant
    WHERE w.tenant IS NOT NULL
    ORDER BY served, w.tenant LIMIT free
  ), in_turn AS (
    SELECT oldest.generation, row_number() OVER (ORDER BY oldest.turn, tenants.served, tenants.tenant) AS place
    FROM tenants, LATERAL (
      -- Numbered after the limit: a window over the whole backlog would read it all.
      SELECT first.generation, row_number() OVER (ORDER BY first.ready_since) AS turn
      FROM (
        SELECT j.generation, j.ready_since FROM {{schema}}.jobs j
        WHERE j.account = wanted_account AND j.tenant = tenants.tenant AND j.ready_since IS NOT NULL AND j.holder IS NULL
        ORDER BY j.ready_since LIMIT free
      ) first
    ) oldest
    ORDER BY place LIMIT free
  )
  SELECT array_agg(i.generation ORDER BY i.place) INTO candidates FROM in_turn i;
  -- The conditions once more, on the rows as they are when locked. Behind a limit, so that each is found by its primary key:
  -- left the choice, the planner may read the account's whole backlog for each.
  SELECT array_agg(l.generation ORDER BY c.place) INTO picked
  FROM unnest(candidates) WITH ORDINALITY AS c(generation, place), LATERAL (
    SELECT j.generation, j.account, j.ready_since, j.holder FROM {{schema}}.jobs j
    WHERE j.generation = c.generation LIMIT 1 FOR UPDATE SKIP LOCKED
  ) l
  WHERE l.account = wanted_account AND l.ready_since IS NOT NULL AND l.holder IS NULL;
  RETURN QUERY
  WITH claimed AS (
    UPDATE {{schema}}.jobs j
    SET holder = wanted_holder, fencing = j.fencing + 1, due_at = clock_timestamp() + lease, woken_at = NULL, holds_slot = true
    WHERE j.generation = ANY (picked)
    RETURNING j.*
  ), served AS (
    INSERT INTO {{schema}}.turns (account, tenant, served)
    SELECT wanted_account, c.tenant, last_served + max(array_position(picked, c.generation)) FROM claimed c GROUP BY c.tenant
    ON CONFLICT (account, tenant) DO UPDATE SET served = excluded.served
  )
  SELECT c.* FROM claimed c ORDER BY array_position(picked, c.generation);
END $$;
