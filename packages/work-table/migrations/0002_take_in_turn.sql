-- A slot goes to whoever waits for one. Who has just come takes it at once only where nobody waits: else new work, which is
-- claimed apart from what waits, would be served first for as long as it keeps coming.
CREATE OR REPLACE FUNCTION {{schema}}.take_slot(wanted_generation uuid, held_fencing bigint, wanted_account text, slots integer)
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
  WHERE j.account = wanted_account AND j.holds_slot AND j.generation <> wanted_generation;
  IF used >= slots THEN
    RETURN false;
  END IF;
  UPDATE {{schema}}.jobs j SET account = wanted_account, holds_slot = true
  WHERE j.generation = wanted_generation AND j.fencing = held_fencing AND j.holder IS NOT NULL;
  RETURN FOUND;
END $$;
