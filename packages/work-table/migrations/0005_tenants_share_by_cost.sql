-- Tenants share an account by what their jobs cost, and not by how many they are: start-time fair queueing (P. Goyal, H. Vin, H. Cheng,
-- SIGCOMM 1996). Each job begins where its tenant's last one ended, or where all of them are by now; who begins first is served first.
-- A tenant that comes anew waits for one job of each of the others at most, whatever is in their queues.
ALTER TABLE {{schema}}.jobs ADD cost integer NOT NULL DEFAULT 1 CONSTRAINT costs_something CHECK (cost > 0);
-- They were numbers of turns; from here on all begin anew.
DELETE FROM {{schema}}.turns;

CREATE OR REPLACE FUNCTION {{schema}}.claim_ready(wanted_account text, slots integer, wanted_holder text, most integer, lease interval,
  floor bigint)
RETURNS SETOF {{schema}}.jobs
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  free integer;
  now_served bigint;
  candidates uuid[];
  begin_at bigint[];
  picked uuid[];
BEGIN
  PERFORM {{schema}}.lock_account(wanted_account);
  SELECT slots - count(*) INTO free FROM {{schema}}.jobs j WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor;
  free := least(free, most);
  IF free <= 0 THEN
    RETURN;
  END IF;
  SELECT coalesce(max(t.served), 0) INTO now_served FROM {{schema}}.turns t WHERE t.account = wanted_account AND t.tenant = '';
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
    -- Who was away has saved nothing up, and owes nothing.
    SELECT w.tenant, greatest(coalesce(t.served, 0), now_served) AS served
    FROM waiting w LEFT JOIN {{schema}}.turns t ON t.account = wanted_account AND t.tenant = w.tenant
    WHERE w.tenant IS NOT NULL
    ORDER BY served, w.tenant LIMIT free
  ), in_turn AS (
    SELECT oldest.generation, tenants.served + oldest.ahead AS begins, oldest.ready_since
    FROM tenants, LATERAL (
      -- Added up after the limit: a window over the whole backlog would read it all.
      SELECT first.generation, first.ready_since,
             coalesce(sum(first.cost) OVER (ORDER BY first.ready_since, first.generation
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS ahead
      FROM (
        SELECT j.generation, j.ready_since, j.cost FROM {{schema}}.jobs j
        WHERE j.account = wanted_account AND j.tenant = tenants.tenant AND j.ready_since IS NOT NULL AND j.holder IS NULL
        ORDER BY j.ready_since LIMIT free
      ) first
    ) oldest
    ORDER BY begins, oldest.ready_since LIMIT free
  )
  SELECT array_agg(i.generation ORDER BY i.begins, i.ready_since), array_agg(i.begins ORDER BY i.begins, i.ready_since)
  INTO candidates, begin_at FROM in_turn i;
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
    SELECT wanted_account, c.tenant, max(begin_at[array_position(candidates, c.generation)] + c.cost) FROM claimed c GROUP BY c.tenant
    UNION ALL
    -- Where all of them are by now.
    SELECT wanted_account, '', max(begin_at[array_position(candidates, c.generation)]) FROM claimed c HAVING max(c.cost) > 0
    ON CONFLICT (account, tenant) DO UPDATE SET served = greatest(turns.served, excluded.served)
  )
  SELECT c.* FROM claimed c ORDER BY array_position(picked, c.generation);
END $$;

-- Accounts for which something waits, found by skipping through the index from one to the next.
CREATE FUNCTION {{schema}}.waited_for() RETURNS SETOF text
LANGUAGE sql STABLE SET plan_cache_mode = force_custom_plan AS $$
  WITH RECURSIVE waiting AS (
    (SELECT j.account FROM {{schema}}.jobs j WHERE j.ready_since IS NOT NULL AND j.holder IS NULL ORDER BY j.account LIMIT 1)
    UNION ALL
    SELECT (SELECT j.account FROM {{schema}}.jobs j
            WHERE j.ready_since IS NOT NULL AND j.holder IS NULL AND j.account > w.account ORDER BY j.account LIMIT 1)
    FROM waiting w WHERE w.account IS NOT NULL
  )
  SELECT w.account FROM waiting w WHERE w.account IS NOT NULL;
$$;

-- What settles an open question does not wait behind what is new.
DROP FUNCTION {{schema}}.take_slot(uuid, bigint, text, integer, bigint);
CREATE FUNCTION {{schema}}.take_slot(wanted_generation uuid, held_fencing bigint, wanted_account text, slots integer,
  floor bigint, goes_first boolean)
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
  IF FOUND AND NOT goes_first THEN
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
