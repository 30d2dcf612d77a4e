import type { Command } from '@darkroom/domain';
import type { Intervention } from '../http/schemas.js';

/** What a checked intervention asks of the domain. */
export function toCommand(intervention: Intervention, now: number): Command {
  const seen = {
    now,
    reason: intervention.reason,
    expectedDecisionVersion: intervention.expected_version,
  };
  switch (intervention.action) {
    case 'retry':
      return {
        type: 'retry',
        ...seen,
        model: intervention.model ?? null,
        abandon: intervention.abandon,
        acceptDoubleCharge: intervention.accept_double_charge,
      };
    case 'cancel':
      return { type: 'cancel', by: 'REQUESTER_OPERATOR', ...seen };
    case 'fail':
      return { type: 'fail', ...seen };
    case 'resolve':
      return {
        type: 'resolve',
        ...seen,
        attempt: intervention.attempt,
        outcome: intervention.outcome,
        jobId: intervention.job_id ?? null,
        acceptDoubleCharge: intervention.accept_double_charge,
      };
    case 'adopt':
      return { type: 'adopt', ...seen, attempt: intervention.attempt, jobId: intervention.job_id ?? null };
    case 'extend':
      break;
  }
  return { type: 'extend', ...seen, deadline: intervention.deadline.getTime() };
}
