import type { CommandOf } from './commands.js';
import { isChargeInTheWay } from './conditions.js';
import { giveUp } from './decide-give-up.js';
import { tick, vendorHasUntil } from './decide-submission.js';
import { endingOf } from './ending.js';
import { type Attempt, type AttemptStatus, currentAttempt, type GenerationState } from './state.js';
import { defaultRetryPolicy, type RetryPolicy } from './retry.js';
import { openUntil, type Settlement, settlementOf } from './settlement.js';
import type { SubmissionContract } from './submission-contract.js';

/** What the gateway does next for a generation. Times are milliseconds since the epoch. */
export type GatewayAction =
  /** `due`: when time alone changes the answer; null: never. */
  | { readonly do: 'nothing'; readonly due: number | null }
  | { readonly do: 'append'; readonly command: CommandOf<'tick'> }
  /** `lookUpFirst`: earlier attempts of which a last look-up must be made before anything is sent. */
  | { readonly do: 'submit'; readonly model: string; readonly lookUpFirst: readonly Attempt[] }
  /** A submit was begun and nobody holds it: whoever did is gone. */
  | { readonly do: 'declare-sender-gone'; readonly attempt: Attempt }
  | {
      readonly do: 'settle';
      readonly attempt: Attempt;
      readonly settlement: Settlement;
      readonly due: number | null;
    }
  /** Nobody could settle it in time, and its account's written policy submits such requests anew. */
  | { readonly do: 'give-up'; readonly attempt: Attempt }
  | { readonly do: 'poll'; readonly attempt: Attempt; readonly due: number | null }
  | { readonly do: 'cancel-at-vendor'; readonly attempt: Attempt; readonly due: number }
  | { readonly do: 'refresh-links'; readonly attempt: Attempt; readonly indexes: readonly number[] };

/** The contract of a model; undefined: it is not configured any more. */
export type ContractOf = (model: string) => SubmissionContract | undefined;

const nothing = (due: number | null): GatewayAction => ({ do: 'nothing', due });

/** What of the way in which accounts are used changes the plan. */
export interface PlanOptions {
  /** Whether an account's written policy submits anew what nobody could settle, at the risk of a second charge. Default: none does. */
  readonly resubmitsUnknown?: (account: string) => boolean;
  readonly policy?: RetryPolicy;
}

/** The gateway's next action. Asked again after every event and whenever time has passed; asking twice changes nothing. */
export function planGateway(
  state: GenerationState,
  now: number,
  contractOf: ContractOf,
  options: PlanOptions = {},
): GatewayAction {
  const attempt = currentAttempt(state);
  const contract = attempt === undefined ? null : (contractOf(attempt.model) ?? null);
  switch (state.phase) {
    case 'requested':
    case 'waiting':
      return planSubmit(state, now);
    case 'submitting':
      return attempt === undefined ? nothing(null) : { do: 'declare-sender-gone', attempt };
    case 'unresolved':
      return attempt === undefined ? nothing(null) : planSettlement(state, attempt, now, contract, options);
    case 'processing':
      return attempt === undefined ? nothing(null) : planProcessing(state, attempt, now, contract);
    case 'storing': {
      const indexes = state.outputs.flatMap((output) => (output.needsLink ? [output.index] : []));
      return attempt === undefined || indexes.length === 0
        ? nothing(null)
        : { do: 'refresh-links', attempt, indexes };
    }
    default:
      return nothing(null);
  }
}

function planSubmit(state: GenerationState, now: number): GatewayAction {
  if (endingOf(state, now) !== null || isChargeInTheWay(state))
    return { do: 'append', command: { type: 'tick', now, contract: null } };
  if (state.retryAt !== null && now < state.retryAt) return nothing(Math.min(state.retryAt, state.deadline));
  const model = state.nextModel ?? currentAttempt(state)?.model ?? state.requested.route[0];
  if (model === undefined) return nothing(state.deadline);
  return {
    do: 'submit',
    model,
    lookUpFirst: state.attempts.filter(({ status }) => followsUnknown.includes(status)),
  };
}

/** Of these a vendor may have a job after all. */
const followsUnknown: readonly AttemptStatus[] = ['unknown', 'not_there', 'given_up'];

function planSettlement(
  state: GenerationState,
  attempt: Attempt,
  now: number,
  contract: SubmissionContract | null,
  { resubmitsUnknown, policy = defaultRetryPolicy }: PlanOptions,
): GatewayAction {
  const due = tick(state, { type: 'tick', now, contract });
  if (due.kind === 'events') return { do: 'append', command: { type: 'tick', now, contract } };
  if (contract !== null && resubmitsUnknown?.(attempt.account) === true) {
    // With the dice that lead to the latest try: what is planned is not refused.
    const asked = { attempt: attempt.number, now, contract, random: 1, reason: '', policy };
    if (giveUp(state, { type: 'give-up', ...asked }).kind === 'events') return { do: 'give-up', attempt };
  }
  const settleUntil = attempt.settleUntil ?? now;
  const next = [settleUntil, openUntil(attempt), state.deadline].filter((time) => time > now);
  return {
    do: 'settle',
    attempt,
    settlement: settlementOf(state, attempt, now, contract),
    due: next.length === 0 ? null : Math.min(...next),
  };
}

function planProcessing(
  state: GenerationState,
  attempt: Attempt,
  now: number,
  contract: SubmissionContract | null,
): GatewayAction {
  const command = { type: 'tick', now, contract } as const;
  if (tick(state, command).kind === 'events') return { do: 'append', command };
  const until = vendorHasUntil(state, attempt, now, contract);
  if (until !== null) return { do: 'cancel-at-vendor', attempt, due: until };
  if (contract === null || contract.poll === 'none') return nothing(state.deadline);
  return { do: 'poll', attempt, due: state.deadline };
}
