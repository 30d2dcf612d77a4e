-- Every claim leaves a dead entry at the beginning of the index of what is due, and every look walks over those that were not
-- removed yet: all since the oldest snapshot that anybody holds. So whoever looks names a floor, below which it has looked
-- already, and enters the index there. What comes below a floor all the same (a row that was locked at the time) is found by a
-- look without one, now and then.
DROP FUNCTION {{schema}}.claim_timed(text, integer, interval);
CREATE FUNCTION {{schema}}.claim_timed(wanted_holder text, most integer, lease interval, floor timestamptz)
RETURNS TABLE (job {{schema}}.jobs, taken_over boolean, due timestamptz, looked timestamptz)
LANGUAGE sql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
  WITH clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
  ), due AS MATERIALIZED (
    SELECT d.generation, d.holder IS NOT NULL AS taken_over, d.due_at FROM {{schema}}.jobs d
    WHERE d.due_at >= floor AND d.due_at <= (SELECT c.now FROM clock c)
    ORDER BY d.due_at LIMIT most FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE {{schema}}.jobs j
    SET holder = wanted_holder, fencing = j.fencing + 1, due_at = clock_timestamp() + lease, woken_at = NULL
    WHERE j.generation = ANY (ARRAY(SELECT d.generation FROM due d))
    RETURNING j AS job
  )
  -- One row at least: the time of the look.
  SELECT c.job, d.taken_over, d.due_at, k.now
  FROM clock k LEFT JOIN (claimed c JOIN due d ON d.generation = (c.job).generation) ON true
  ORDER BY d.due_at;
$$;
