-- Whether a row's work may go to another account than the one that it waits for: when that one is away, those rows alone are looked at,
-- a few at a time, from the oldest on. True where nobody has said: whoever looks at such a row says so when it waits again.
ALTER TABLE {{schema}}.jobs ADD elsewhere boolean NOT NULL DEFAULT true;
CREATE INDEX jobs_elsewhere ON {{schema}}.jobs (account, ready_since, generation)
  WHERE elsewhere AND ready_since IS NOT NULL AND holder IS NULL;

-- Makes the next so many of them due, behind the place that the call before came to. Their places in the queue are kept.
-- Answers with the place of the last one; nothing: these were all.
CREATE FUNCTION {{schema}}.wake_waiting(wanted_account text, after_since timestamptz, after_generation uuid, most integer)
RETURNS TABLE (since timestamptz, generation uuid)
LANGUAGE sql VOLATILE SET plan_cache_mode = force_custom_plan AS $$
  WITH next AS MATERIALIZED (
    SELECT j.generation, j.ready_since FROM {{schema}}.jobs j
    WHERE j.account = wanted_account AND j.elsewhere AND j.ready_since IS NOT NULL AND j.holder IS NULL
      AND (j.ready_since, j.generation) > (after_since, after_generation)
    ORDER BY j.ready_since, j.generation LIMIT most FOR UPDATE SKIP LOCKED
  ), woken AS (
    UPDATE {{schema}}.jobs j SET due_at = least(j.due_at, clock_timestamp())
    WHERE j.generation = ANY (ARRAY(SELECT n.generation FROM next n))
  )
  SELECT n.ready_since, n.generation FROM next n ORDER BY n.ready_since, n.generation OFFSET most - 1 LIMIT 1;
$$;
