-- Slots are numbered as they are taken, so that counting them begins at the oldest that is held: with a snapshot held elsewhere the
-- entries of all that were given back since stay in the index, and every count walked over them, under the account's lock.
CREATE SEQUENCE {{schema}}.slots;
ALTER TABLE {{schema}}.jobs ADD COLUMN slot bigint;
UPDATE {{schema}}.jobs SET slot = nextval('{{schema}}.slots') WHERE holds_slot;
ALTER TABLE {{schema}}.jobs ADD CONSTRAINT held_slots_are_numbered CHECK (NOT holds_slot OR slot IS NOT NULL);
DROP INDEX {{schema}}.jobs_slots;
CREATE INDEX jobs_slots ON {{schema}}.jobs (account, slot) WHERE holds_slot;

-- Below it no slot of the account is held. A job that is found running at its vendor takes one without the account's lock: hence a
-- margin of numbers, for those that are not committed yet.
CREATE FUNCTION {{schema}}.slots_floor(wanted_account text, beyond bigint) RETURNS bigint
LANGUAGE sql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
  SELECT least(
    (SELECT min(j.slot) FROM {{schema}}.jobs j WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= beyond),
    (SELECT s.last_value - 1000 FROM {{schema}}.slots s));
$$;

DROP FUNCTION {{schema}}.take_slot(uuid, bigint, text, integer);
CREATE FUNCTION {{schema}}.take_slot(wanted_generation uuid, held_fencing bigint, wanted_account text, slots integer,
  floor bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  used integer;
BEGIN
  PERFORM {{schema}}.lock_account(wanted_account);
  PERFORM FROM {{schema}}.jobs j
  WHERE j.generation = wanted_generation AND j.fencing = held_fencing AND j.holder IS NOT NULL
    AND j.holds_slot AND j.account = wanted_account;
  IF FOUND THEN
    RETURN true;
  END IF;
  PERFORM FROM {{schema}}.jobs j
  WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL LIMIT 1;
  IF FOUND THEN
    RETURN false;
  END IF;
  SELECT count(*) INTO used FROM {{schema}}.jobs j
  WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor AND j.generation <> wanted_generation;
  IF used >= slots THEN
    RETURN false;
  END IF;
  UPDATE {{schema}}.jobs j SET account = wanted_account, holds_slot = true, slot = nextval('{{schema}}.slots')
  WHERE j.generation = wanted_generation AND j.fencing = held_fencing AND j.holder IS NOT NULL;
  RETURN FOUND;
END $$;

DROP FUNCTION {{schema}}.claim_ready(text, integer, text, integer, interval);
CREATE FUNCTION {{schema}}.claim_ready(wanted_account text, slots integer, wanted_holder text, most integer, lease interval,
  floor bigint)
RETURNS SETOF {{schema}}.jobs
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  free integer;
  last_served bigint;
  candidates uuid[];
  picked uuid[];
BEGIN
  PERFORM {{schema}}.lock_account(wanted_account);
  SELECT slots - count(*) INTO free FROM {{schema}}.jobs j WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor;
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
    SET holder = wanted_holder, fencing = j.fencing + 1, due_at = clock_timestamp() + lease, woken_at = NULL, holds_slot = true,
        slot = nextval('{{schema}}.slots')
    WHERE j.generation = ANY (picked)
    RETURNING j.*
  ), served AS (
    INSERT INTO {{schema}}.turns (account, tenant, served)
    SELECT wanted_account, c.tenant, last_served + max(array_position(picked, c.generation)) FROM claimed c GROUP BY c.tenant
    ON CONFLICT (account, tenant) DO UPDATE SET served = excluded.served
  )
  SELECT c.* FROM claimed c ORDER BY array_position(picked, c.generation);
END $$;
