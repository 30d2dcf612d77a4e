import type { ErrorCode } from '@darkroom/contract';
import { catalogueEntry } from './error-catalogue.js';
import { worstCharge } from './charge.js';
import type { EventOf, GenerationEvent } from './event.js';
import { evolve } from './evolve.js';
import { billOf } from './money.js';
import { currentAttempt, type GenerationState } from './state.js';

/** Time in RFC 3339, UTC. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString();

/** The state as it will be once these events are recorded. */
export function after(
  state: GenerationState,
  now: number,
  events: readonly GenerationEvent[],
): GenerationState {
  return events.reduce(
    (before, event) => evolve(before, { ...event, version: before.version + 1, at: now }),
    state,
  );
}

/** Why a run is to end, once its vendor's side is settled. */
export type Ending = 'cancel' | 'failure-ordered' | 'given-up' | 'deadline';

/** What asks this run to end, the strongest first; null: nothing does. */
export function endingOf(state: GenerationState, now: number): Ending | null {
  if (state.cancelAsked !== null) return 'cancel';
  if (state.failAsked !== null) return 'failure-ordered';
  if (state.gaveUp) return 'given-up';
  return now >= state.deadline ? 'deadline' : null;
}

/** Since when. Milliseconds since the epoch. */
export function endingSince(state: GenerationState, ending: Ending): number {
  switch (ending) {
    case 'cancel':
      return state.cancelAsked?.at ?? state.updatedAt;
    case 'failure-ordered':
      return state.failAsked?.at ?? state.updatedAt;
    case 'given-up':
      return state.updatedAt;
    case 'deadline':
      return state.deadline;
  }
}

function bill(state: GenerationState): Pick<EventOf<'GenerationCanceled'>['data'], 'charge' | 'cost'> {
  return {
    charge: worstCharge(state.attempts.map((attempt) => attempt.charge)),
    cost: billOf(state.attempts),
  };
}

/** The end of a run in failure, with the worst charge of all its attempts. */
export function failedEvent(state: GenerationState, code: ErrorCode): EventOf<'GenerationFailed'> {
  const { message, retryable } = catalogueEntry(code);
  return { type: 'GenerationFailed', data: { run: state.run, code, message, retryable, ...bill(state) } };
}

/** The end of a run with its images. */
export function completedEvent(state: GenerationState): EventOf<'GenerationCompleted'> {
  const stored = state.outputs.filter((output) => output.status === 'stored').length;
  const attempt = state.current ?? 0;
  return { type: 'GenerationCompleted', data: { run: state.run, attempt, stored, ...bill(state) } };
}

/** The end that was asked for, as an event. */
export function endEvent(state: GenerationState, ending: Ending): GenerationEvent {
  switch (ending) {
    case 'cancel':
      return {
        type: 'GenerationCanceled',
        data: {
          run: state.run,
          requestedBy: state.cancelAsked?.by ?? 'REQUESTER_UNSPECIFIED',
          ...bill(state),
        },
      };
    case 'failure-ordered':
      return failedEvent(state, 'ERROR_CODE_FAILED_BY_OPERATOR');
    case 'given-up':
      return failedEvent(state, 'ERROR_CODE_OUTCOME_UNKNOWN');
    case 'deadline':
      return failedEvent(
        state,
        ['unknown', 'given_up'].includes(currentAttempt(state)?.status ?? '')
          ? 'ERROR_CODE_OUTCOME_UNKNOWN'
          : 'ERROR_CODE_DEADLINE_EXCEEDED',
      );
  }
}

/** These events, and behind them the end of the run, where something asks for it. */
export function andEnd(
  state: GenerationState,
  now: number,
  events: readonly GenerationEvent[],
): GenerationEvent[] {
  const then = after(state, now, events);
  const ending = endingOf(then, now);
  return ending === null ? [...events] : [...events, endEvent(then, ending)];
}
