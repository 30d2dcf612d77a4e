import type { RefusalReason } from '@darkroom/domain';
import { type ProblemCode, ProblemError } from '@darkroom/platform';

/** What the domain refuses, as an operator reads it. Reasons that are not here belong to other commands. */
const refusals: Partial<Record<RefusalReason, readonly [ProblemCode, string]>> = {
  already_final: ['already_final', 'It has already ended.'],
  too_late: ['too_late', 'Its images are already being verified.'],
  not_final: ['still_open', 'It has not ended yet.'],
  already_asked: ['not_possible_now', 'This was asked for already.'],
  stale_decision: ['stale_decision', 'Look at it again: something was decided since.'],
  double_charge_not_accepted: [
    'double_charge_not_accepted',
    'The provider may bill for it twice; say accept_double_charge: true to go on.',
  ],
  resolve_first: ['not_possible_now', 'The outcome of an attempt is unknown: resolve it first.'],
  was_accepted: ['not_possible_now', 'The provider once said that it took this attempt.'],
  job_id_missing: ['not_possible_now', 'The job at the provider must be named: job_id.'],
  job_id_taken: ['not_possible_now', 'This job belongs to another attempt or generation.'],
  not_forward: ['not_possible_now', 'The deadline can only be moved forward.'],
  unknown_attempt: ['not_possible_now', 'There is no such attempt.'],
  unknown_model: ['not_possible_now', 'The model is not in the route of this generation.'],
  nothing_new: ['not_possible_now', 'There is nothing that this would change.'],
  not_now: ['not_possible_now', 'Its present state does not allow this.'],
  past_deadline: ['not_possible_now', 'Its deadline has passed: extend it first.'],
  already_erased: ['not_possible_now', 'Its content was erased.'],
  ending: ['not_possible_now', 'It is being ended.'],
};

/** Why the domain refuses it, for a person. */
export const refusalMessage = (reason: RefusalReason): string =>
  refusals[reason]?.[1] ?? 'Its present state does not allow this.';

/** The 409 of a refusal; its reason word is told too. */
export function refusalProblem(reason: RefusalReason): ProblemError {
  const code = refusals[reason]?.[0] ?? 'not_possible_now';
  const detail = refusalMessage(reason);
  return new ProblemError(code, detail, { errors: [{ pointer: '', code: reason, message: detail }] });
}

/** The 409 of an operator who decided on what is no longer so. */
export function staleProblem(decisionVersion: number): ProblemError {
  const detail = `Its decision version is ${decisionVersion} by now: look at it again.`;
  return new ProblemError('stale_decision', detail, {
    errors: [{ pointer: '/expected_version', code: 'stale_decision', message: detail }],
  });
}
