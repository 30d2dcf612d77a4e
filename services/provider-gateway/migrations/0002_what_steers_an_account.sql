-- What steers an account's submits besides the time before which there are none, shared by all gateways: one row, written twice a
-- submit. Commits here wait for no disk: what is sent is sent after an event was written, and the log of the database is in order.
ALTER TABLE gateway.account_gates
  SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500),
  ALTER not_before SET DEFAULT '-infinity',
  -- Rate: when the next submit would be due if they came evenly.
  ADD next_turn timestamptz NOT NULL DEFAULT '-infinity',
  -- Jobs at once that the vendor seems to bear, by what it refused for want of room; null: all that are allowed.
  ADD bears double precision,
  ADD cut_at timestamptz NOT NULL DEFAULT '-infinity',
  -- How many submits may be made anew: earned by what is taken, and a little by time, so that the last ones are not left over.
  ADD tries double precision NOT NULL DEFAULT 20,
  ADD tries_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Submits that came to an end, and those of them that failed or came to an unknown one: in this half-minute and the one before.
  ADD half_minute bigint NOT NULL DEFAULT 0,
  ADD submits integer NOT NULL DEFAULT 0,
  ADD failures integer NOT NULL DEFAULT 0,
  ADD submits_before integer NOT NULL DEFAULT 0,
  ADD failures_before integer NOT NULL DEFAULT 0,
  -- So many one after the other failed, or came to an unknown end.
  ADD failed_in_a_row integer NOT NULL DEFAULT 0,
  ADD probes_failed integer NOT NULL DEFAULT 0,
  -- At least what was spent that day; counted anew where it seems to be too much.
  ADD spend_day date,
  ADD spent bigint NOT NULL DEFAULT 0;

-- What each attempt costs or may cost. Of a submit that is known to have cost nothing: 0.
CREATE TABLE gateway.spend (
  generation uuid NOT NULL,
  attempt integer NOT NULL,
  account text NOT NULL,
  day date NOT NULL,
  micros bigint NOT NULL,
  PRIMARY KEY (generation, attempt)
);
CREATE INDEX spend_of_a_day ON gateway.spend (account, day) INCLUDE (micros);

-- Whether a submit may be made, and in how many milliseconds. Asked right before its intent is written.
--   open | probe: it counts as made | closed: wait for the account | rate | spend: so too | budget: this one waits, others need not
-- Rate: the generic cell rate algorithm (ITU-T I.371). `slack` is how much earlier than evenly one may be.
CREATE FUNCTION gateway.admit(wanted text, spacing interval, slack interval, patience interval, most_spent bigint,
  of_generation uuid, of_attempt integer, costs bigint, is_retry boolean, probe_every interval, breaker_probe_every interval)
RETURNS TABLE (verdict text, wait_ms double precision)
LANGUAGE plpgsql VOLATILE AS $$
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

-- What came of a submit says something of the account. `outcome`: accepted | answered (refused for what it asked for: the vendor
-- works) | full (come back later) | failed | overloaded (both) | unknown.
-- Answers whether that opened the breaker, or ended what held the account back.
CREATE FUNCTION gateway.hear_submit(wanted text, outcome text, was_probe boolean, slots integer, hold interval,
  first_probe interval, longest_probe interval, fewest integer, in_a_row integer)
RETURNS TABLE (change text, was_paused_by text)
LANGUAGE plpgsql VOLATILE AS $$
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

-- What an attempt costs by what is known now. What costs more than was thought was spent all the same. The account's row is locked first,
-- as by whoever admits.
CREATE FUNCTION gateway.settle_spend(of_generation uuid, of_attempt integer, costs bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
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
