import { decide, type GenerationState, openQuestions, type RefusalReason } from '@darkroom/domain';
import { paidOrphans } from '@darkroom/read-models';
import { refusalMessage } from '../http/problems.js';
import type { Intervention } from '../http/schemas.js';
import { money, type MoneyView } from '../views/words.js';
import { toCommand } from './to-command.js';

/** One thing that an operator may want to do now, asked of the domain itself. */
export interface PossibleIntervention {
  readonly action: Intervention['action'];
  /** What its body holds beside reason and expected_version. */
  readonly with: Readonly<Record<string, string | number | boolean>>;
  readonly allowed: boolean;
  /** Why not: the reason's stable code, and the same for a person. */
  readonly refusal: RefusalReason | null;
  readonly refusal_message: string | null;
  /** Allowed only with `accept_double_charge: true`. */
  readonly needs_accept_double_charge: boolean;
  /** What it may cost beyond what was spent so far; null: nothing that is known. */
  readonly may_cost: MoneyView | null;
}

interface Candidate {
  readonly intervention: Intervention;
  readonly with: PossibleIntervention['with'];
  /** It leads to another submission. */
  readonly submitsAgain: boolean;
}

/** Half an hour more: a deadline that lies ahead whatever the present one is. */
const extension = 30 * 60_000;

/** For each intervention whether it is possible now, and at which price. Asks `decide`, so that it cannot promise more. */
export function whatCanBeDone(state: GenerationState, now: number): PossibleIntervention[] {
  return candidates(state, now).map(({ intervention, with: details, submitsAgain }) => {
    const plain = refusalOf(intervention, state, now);
    const refusal =
      plain === 'double_charge_not_accepted' ? refusalOf(accepting(intervention), state, now) : plain;
    return {
      action: intervention.action,
      with: details,
      allowed: refusal === null,
      refusal,
      refusal_message: refusal === null ? null : refusalMessage(refusal),
      needs_accept_double_charge: plain === 'double_charge_not_accepted' && refusal === null,
      may_cost: submitsAgain && refusal === null ? money(state.estimatedCost) : null,
    };
  });
}

function candidates(state: GenerationState, now: number): Candidate[] {
  const asked = { reason: 'what can be done', expected_version: state.decisionVersion };
  const retry = { action: 'retry', ...asked, abandon: false, accept_double_charge: false } as const;
  const later = new Date(Math.max(now, state.deadline) + extension);
  return [
    { intervention: retry, with: {}, submitsAgain: true },
    ...(state.phase === 'processing'
      ? [{ intervention: { ...retry, abandon: true }, with: { abandon: true }, submitsAgain: true }]
      : []),
    { intervention: { action: 'cancel', ...asked }, with: {}, submitsAgain: false },
    { intervention: { action: 'fail', ...asked }, with: {}, submitsAgain: false },
    { intervention: { action: 'extend', ...asked, deadline: later }, with: {}, submitsAgain: false },
    ...openQuestions(state).flatMap(({ number: attempt }): Candidate[] => {
      const resolve = { action: 'resolve', ...asked, attempt, accept_double_charge: false } as const;
      return [
        // Any job id: which one it is only the operator knows.
        {
          intervention: { ...resolve, outcome: 'found', job_id: 'any' },
          with: { attempt, outcome: 'found' },
          submitsAgain: false,
        },
        {
          intervention: { ...resolve, outcome: 'not_there' },
          with: { attempt, outcome: 'not_there' },
          submitsAgain: state.phase === 'unresolved' && state.current === attempt,
        },
        {
          intervention: { ...resolve, outcome: 'given_up' },
          with: { attempt, outcome: 'given_up' },
          submitsAgain: false,
        },
        {
          intervention: { ...resolve, outcome: 'given_up', accept_double_charge: true },
          with: { attempt, outcome: 'given_up', accept_double_charge: true },
          submitsAgain: state.phase === 'unresolved' && state.current === attempt,
        },
      ];
    }),
    ...paidOrphans(state).map(({ attempt, vendorJobId }): Candidate => {
      const job = vendorJobId === '' ? {} : { job_id: vendorJobId };
      return {
        intervention: { action: 'adopt', ...asked, attempt, ...job },
        with: { attempt, ...job },
        submitsAgain: false,
      };
    }),
  ];
}

function accepting(intervention: Intervention): Intervention {
  return 'accept_double_charge' in intervention
    ? { ...intervention, accept_double_charge: true }
    : intervention;
}

function refusalOf(intervention: Intervention, state: GenerationState, now: number): RefusalReason | null {
  const decision = decide(toCommand(intervention, now), state);
  return decision.kind === 'refused' ? decision.reason : null;
}
