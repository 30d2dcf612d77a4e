import type { AccountLimits } from '@darkroom/domain';
import type { Database } from '@darkroom/event-store';
import { z } from 'zod';

/** A submit that asks to be made. */
export interface AskedAdmission {
  readonly account: string;
  readonly limits: AccountLimits;
  /** UUID. */
  readonly generation: string;
  /** The number that its attempt would have. */
  readonly attempt: number;
  /** What it is expected to cost, in millionths of a US dollar. */
  readonly micros: bigint;
  /** Longest that its answer may take: until then no other goes to see whether the vendor is back. */
  readonly answerSeconds: number;
  /** Its run was refused before: made within the retry budget. */
  readonly isRetry: boolean;
}

/**
 * `open`: submit, in `waitMs`. `probe`: the same, it is the one that shows whether the vendor takes the account again.
 * `closed`: the account takes nothing for so long. `rate`, `spend`: it is over its limit for so long. `budget`: it takes
 * others, and this one may ask again by then.
 */
export interface Admission {
  readonly verdict: 'open' | 'probe' | 'closed' | 'rate' | 'spend' | 'budget';
  readonly waitMs: number;
}

/**
 * What came of a submit: `accepted`; `answered`: refused for what it asked for, so that the vendor works; `full`: to come back
 * later; `failed`; `overloaded`: both; `unknown`.
 */
export type SubmitOutcome = 'accepted' | 'answered' | 'full' | 'failed' | 'overloaded' | 'unknown';

/** How an account stands, whatever process learned it. */
export interface Standing {
  readonly account: string;
  /** Takes nothing now. */
  readonly isClosed: boolean;
  /** Slots that may be held by what the vendor seems to bear: open questions hold theirs besides. Null: as many as are allowed. */
  readonly bears: number | null;
  /** Milliseconds until the next submit would be due if they came evenly. */
  readonly nextTurnMs: number;
  /** Milliseconds until what was refused before may be submitted again. */
  readonly retryMs: number;
  /** Why it only probes: a failure class of the vendor's, or the breaker; null: it does not. */
  readonly pausedBy: string | null;
}

/** Seconds between probes of an account. */
export interface ProbePace {
  /** Of one that the vendor refuses. */
  readonly probeSeconds: number;
  /** Of one whose breaker is open: the first, then twice as long each time up to the longest. */
  readonly breakerSeconds: { readonly first: number; readonly longest: number };
  /** Submits of a minute that it takes to open the breaker, half of them failed; or so many failed one after the other. */
  readonly breakerFewest: number;
  readonly breakerInARow: number;
}

export const defaultProbePace: Omit<ProbePace, 'probeSeconds'> = {
  breakerSeconds: { first: 1, longest: 15 },
  breakerFewest: 20,
  breakerInARow: 5,
};

/** What holds an account's submits back, shared by all gateways. */
export interface AccountGate {
  /** A paused account lets one probe through at a time. What is let through counts as made. */
  admit(asked: AskedAdmission): Promise<Admission>;
  /**
   * What came of an admitted submit; `holdSeconds`: nothing is submitted for so long.
   * @returns whether that opened the breaker, or ended what held the account back
   */
  hear(
    account: string,
    outcome: SubmitOutcome,
    how: { readonly wasProbe: boolean; readonly slots: number; readonly holdSeconds?: number },
  ): Promise<'opened' | 'closed' | 'resumed' | null>;
  /** One that was let through as a probe was not sent: another may go soon. Of an account that submits as usual it changes nothing. */
  returnProbe(account: string): Promise<void>;
  /** The vendor refuses the account itself. @returns whether that is new */
  pause(account: string, because: string): Promise<boolean>;
  /** Nothing holds it back any more. */
  resume(account: string): Promise<void>;
  standing(): Promise<readonly Standing[]>;
  /** What an attempt costs as far as is known now, in millionths of a US dollar. */
  settle(generation: string, attempt: number, micros: bigint): Promise<void>;
  /** Forgets what was spent before yesterday. */
  forget(): Promise<void>;
}

const admission = z.object({
  verdict: z.enum(['open', 'probe', 'closed', 'rate', 'spend', 'budget']),
  wait_ms: z.number(),
});
const heard = z.object({
  change: z.enum(['opened', 'resumed']).nullable(),
  was_paused_by: z.string().nullable(),
});

/** A turn that comes within this is waited for in place; what has to wait for longer gives its slot back. */
export const patienceMs = 1_000;

/** A database that is busy takes so long now and then to let one through: with less, nothing would be sent while it is. */
const leastLateMs = 100;

/**
 * How a limit of submits a second is kept at the vendor, and not only here: between being let through and being sent lies the write of
 * the intent. Half of the burst is kept for that, and what comes later than it allows is not sent at all.
 */
export function rateOf({ perSecond, burst }: AccountLimits): {
  readonly spacingMs: number | null;
  readonly slackMs: number;
  /** How much later than its turn a submit may be; null: no limit. */
  readonly lateMs: number | null;
} {
  if (perSecond === null) return { spacingMs: null, slackMs: 0, lateMs: null };
  const spacingMs = 1_000 / perSecond;
  const whole = (burst - 1) * spacingMs;
  const kept = Math.min(1_000, whole / 2);
  return { spacingMs, slackMs: whole - kept, lateMs: burst > 1 ? Math.max(kept, leastLateMs) : null };
}

/** The gate as rows of the gateway's schema; time is the database's. */
export function accountGate(sql: Database, pace: ProbePace): AccountGate {
  const { probeSeconds, breakerSeconds, breakerFewest, breakerInARow } = pace;
  return {
    async admit({ account, limits, generation, attempt, micros, answerSeconds, isRetry }) {
      const { spacingMs, slackMs } = rateOf(limits);
      const most = limits.spendPerDayMicros;
      const rows = await sql`
        select verdict, wait_ms from gateway.admit(${account},
          ${spacingMs === null ? null : `${spacingMs} milliseconds`}::interval, ${`${slackMs} milliseconds`}::interval,
          ${`${patienceMs} milliseconds`}::interval, ${most === null ? null : String(most)}::bigint, ${generation}::uuid,
          ${attempt}::integer, ${String(micros)}::bigint, ${isRetry}::boolean,
          make_interval(secs => ${probeSeconds}),
          make_interval(secs => ${Math.max(breakerSeconds.longest, answerSeconds)}))`;
      const { verdict, wait_ms } = admission.parse(rows[0]);
      return { verdict, waitMs: wait_ms };
    },
    async hear(account, outcome, { wasProbe, slots, holdSeconds }) {
      const rows = await sql`
        select change, was_paused_by from gateway.hear_submit(${account}, ${outcome}, ${wasProbe}::boolean, ${slots}::integer,
          make_interval(secs => ${holdSeconds ?? null}::float8), make_interval(secs => ${breakerSeconds.first}),
          make_interval(secs => ${breakerSeconds.longest}), ${breakerFewest}::integer, ${breakerInARow}::integer)`;
      const { change, was_paused_by } = heard.parse(rows[0]);
      return change === 'resumed' && was_paused_by === 'BREAKER' ? 'closed' : change;
    },
    async returnProbe(account) {
      await sql`
        update gateway.account_gates set not_before = least(not_before, clock_timestamp() + interval '1 second')
        where account = ${account} and paused_by is not null`;
    },
    async pause(account, because) {
      const rows = await sql<{ isNew: boolean }[]>`
        with before as (select paused_by from gateway.account_gates where account = ${account})
        insert into gateway.account_gates as g (account, not_before, paused_by)
        values (${account}, clock_timestamp() + make_interval(secs => ${probeSeconds}), ${because})
        on conflict (account) do update set paused_by = excluded.paused_by,
          not_before = greatest(g.not_before, excluded.not_before)
        where g.paused_by is distinct from excluded.paused_by or g.not_before < excluded.not_before
        returning (select paused_by from before) is distinct from ${because} as "isNew"`;
      return rows[0]?.isNew === true;
    },
    async resume(account) {
      await sql`
        update gateway.account_gates set paused_by = null, not_before = '-infinity', probes_failed = 0, failed_in_a_row = 0, submits = 0, failures = 0,
          submits_before = 0, failures_before = 0
        where account = ${account} and paused_by is not null`;
    },
    async standing() {
      const rows = await sql<Standing[]>`
        select account, not_before > clock_timestamp() as "isClosed", paused_by as "pausedBy",
          case when bears is not null then bears + (
            select count(*) from gateway.jobs j
            where j.account = g.account and j.holds_slot and j.phase = 'unresolved') end as bears,
          extract(epoch from greatest(next_turn, clock_timestamp()) - clock_timestamp())::float8 * 1000 as "nextTurnMs",
          greatest(0, 1 - tries - 0.5 * extract(epoch from clock_timestamp() - tries_at)::float8) / 0.5 * 1000 as "retryMs"
        from gateway.account_gates g`;
      return rows;
    },
    async settle(generation, attempt, micros) {
      await sql`select gateway.settle_spend(${generation}::uuid, ${attempt}::integer, ${String(micros)}::bigint)`;
    },
    async forget() {
      await sql`
        delete from gateway.spend where day < (clock_timestamp() at time zone 'utc')::date - 1`;
    },
  };
}
