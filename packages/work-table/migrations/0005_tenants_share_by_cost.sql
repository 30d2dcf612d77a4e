-- Tenants share an account by what their jobs cost, and not by how many they are: start-time fair queueing (P. Goyal, H. Vin, H. Cheng,
-- SIGCOMM 1996). Each job begins where its tenant's last one ended, or where all of them are by now; who begins first is served first.
-- A tenant that comes anew waits for one job of each of the others at most, whatever is in their queues.
ALTER TABLE {{schema}}.jobs ADD cost integer NOT NULL DEFAULT 1 CONSTRAINT costs_something CHECK (cost > 0);
-- They were numbers of turns; from here on all begin anew.
DELETE FROM {{schema}}.turns;

-- A quarter of an account's slots is kept from tenants that crowd it, as long as others share it: those that hold their share and have more
-- waiting than it has slots. What runs at a vendor is never taken back, and whoever comes while all is lent out would wait for the next job
-- that ends. One tenant alone has all of it; who has a job more than its share now and then is not held up.
ALTER TABLE {{schema}}.turns ADD seen_at timestamptz NOT NULL DEFAULT 'epoch';
CREATE INDEX turns_seen ON {{schema}}.turns (account, seen_at) WHERE tenant <> '';

-- Tenants for which something waits, found by skipping through the index from one to the next. No settings of its own: the planner must be
-- able to write it into whatever asks, which may want the first few alone.
CREATE FUNCTION {{schema}}.waiting_tenants(wanted_account text) RETURNS TABLE (tenant text)
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE waiting AS (
    (SELECT j.tenant FROM {{schema}}.jobs j
     WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL
     ORDER BY j.tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT j.tenant FROM {{schema}}.jobs j
            WHERE j.account = wanted_account AND j.ready_since IS NOT NULL AND j.holder IS NULL AND j.tenant > w.tenant
            ORDER BY j.tenant LIMIT 1)
    FROM waiting w WHERE w.tenant IS NOT NULL
  )
  SELECT w.tenant FROM waiting w WHERE w.tenant IS NOT NULL;
$$;

-- A tenant's part of an account's slots, rounded up: else a rest would be nobody's. Of those that hold some, wait for some or were
-- served within the last three minutes.
CREATE FUNCTION {{schema}}.fair_share(wanted_account text, slots integer, floor bigint) RETURNS integer
LANGUAGE sql STABLE SET plan_cache_mode = force_custom_plan AS $$
  SELECT ceil(slots::numeric / greatest(1, count(s.tenant)))::integer FROM (
    (SELECT w.tenant FROM {{schema}}.waiting_tenants(wanted_account) w LIMIT slots + 1)
    UNION
    (SELECT j.tenant FROM {{schema}}.jobs j WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor)
    UNION
    (SELECT t.tenant FROM {{schema}}.turns t
     WHERE t.account = wanted_account AND t.tenant <> '' AND t.seen_at > (SELECT clock_timestamp() - interval '3 minutes')
     ORDER BY t.seen_at DESC LIMIT slots)
  ) s;
$$;

-- Whether a tenant has so many rows waiting for an account.
CREATE FUNCTION {{schema}}.has_waiting(wanted_account text, wanted_tenant text, many integer) RETURNS boolean
LANGUAGE sql STABLE SET plan_cache_mode = force_custom_plan AS $$
  SELECT count(*) >= many FROM (
    SELECT FROM {{schema}}.jobs j
    WHERE j.account = wanted_account AND j.tenant = wanted_tenant AND j.ready_since IS NOT NULL AND j.holder IS NULL
    ORDER BY j.ready_since LIMIT many
  ) first;
$$;

CREATE OR REPLACE FUNCTION {{schema}}.claim_ready(wanted_account text, slots integer, wanted_holder text, most integer, lease interval,
  floor bigint)
RETURNS SETOF {{schema}}.jobs
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
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
  PERFORM {{schema}}.lock_account(wanted_account);
  SELECT slots - coalesce(sum(h.n), 0), array_agg(h.tenant), array_agg(h.n) INTO free, holders, held FROM (
    SELECT j.tenant, count(*)::integer AS n FROM {{schema}}.jobs j
    WHERE j.account = wanted_account AND j.holds_slot AND j.slot >= floor GROUP BY j.tenant
  ) h;
  IF least(free, most) <= 0 THEN
    RETURN;
  END IF;
  IF kept > 0 THEN
    share := {{schema}}.fair_share(wanted_account, slots, floor);
  END IF;
  SELECT coalesce(max(t.served), 0) INTO now_served FROM {{schema}}.turns t WHERE t.account = wanted_account AND t.tenant = '';
  WITH tenants AS MATERIALIZED (
    -- Who was away has saved nothing up, and owes nothing.
    SELECT w.tenant, greatest(coalesce(t.served, 0), now_served) AS served,
           coalesce(held[array_position(holders, w.tenant)], 0) AS held
    FROM {{schema}}.waiting_tenants(wanted_account) w
    LEFT JOIN {{schema}}.turns t ON t.account = wanted_account AND t.tenant = w.tenant
    -- Who crowds the account may get nothing: it takes no place of one that does not.
    ORDER BY CASE WHEN coalesce(held[array_position(holders, w.tenant)], 0) >= share
             THEN {{schema}}.has_waiting(wanted_account, w.tenant, slots) ELSE false END, served, w.tenant
    LIMIT least(free, most)
  ), chosen AS MATERIALIZED (
    SELECT t.*, CASE WHEN t.held + least(free, most) > share
                THEN {{schema}}.has_waiting(wanted_account, t.tenant, slots) ELSE false END AS has_more
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
        SELECT j.generation, j.ready_since, j.cost FROM {{schema}}.jobs j
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
    -- Seen by ten seconds: a time that is new with each claim would move the row in the index each time.
    INSERT INTO {{schema}}.turns (account, tenant, served, seen_at)
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
