import { worstCharge } from './charge.js';
import { conditions } from './conditions.js';
import type { EventOf, GenerationEvent, PlacedEvent } from './event.js';
import { foldOutputs } from './fold-outputs.js';
import { foldRun } from './fold-run.js';
import { foldSubmission } from './fold-submission.js';
import { IllegalTransition } from './illegal-transition.js';
import { type GenerationState, isFinal, type Phase } from './state.js';
import { transitions } from './transitions.js';

/** Events that change nothing that a person or a plan decides upon. */
const noise: readonly string[] = [
  'ProgressReported',
  'ProviderNotified',
  'GenerationStalled',
  'CostRecorded',
];

/** Where the event leads, by the table; undefined where it is not allowed. */
export function nextPhase(state: GenerationState, event: GenerationEvent): Phase | undefined {
  const rules = transitions[event.type][state.phase] ?? [];
  const rule = rules.find(({ when }) => conditions[when](state, event));
  if (rule === undefined) return undefined;
  return rule.to === '=' ? state.phase : rule.to;
}

/** Events that name the run that they start: one more than the present one, once that has ended. */
function runItBelongsTo(state: GenerationState, event: GenerationEvent): number {
  const starts = event.type === 'RetryOrdered' || event.type === 'OrphanAdopted';
  return starts && isFinal(state.phase) ? state.run + 1 : state.run;
}

/**
 * The next state.
 * @throws IllegalTransition where the table does not allow the event, its run is another, or a version is missing
 */
export function evolve(state: GenerationState | undefined, event: PlacedEvent): GenerationState {
  if (state === undefined) {
    if (event.type !== 'GenerationRequested' || event.version !== 1)
      throw new IllegalTransition('none', event.type, event.version, 'the first event is the request');
    return requested(event);
  }
  const { phase } = state;
  if (event.version !== state.version + 1)
    throw new IllegalTransition(phase, event.type, event.version, `version ${state.version + 1} is missing`);
  const to = nextPhase(state, event);
  if (to === undefined)
    throw new IllegalTransition(phase, event.type, event.version, 'the table does not have it');
  if ('run' in event.data && event.data.run !== runItBelongsTo(state, event))
    throw new IllegalTransition(phase, event.type, event.version, `the run is ${state.run}`);
  return fold(state, event, to);
}

function fold(state: GenerationState, event: PlacedEvent, to: Phase): GenerationState {
  const { version, at } = event;
  const folded = foldRun(foldOutputs(foldSubmission(state, event), event), event);
  const entered = to !== state.phase;
  const decisive = !noise.includes(event.type);
  return {
    ...folded,
    phase: to,
    version,
    decisionVersion: decisive ? version : state.decisionVersion,
    updatedAt: at,
    // What is learned after the end may make the bill better or worse than the end said.
    charge: isFinal(to) ? worstCharge(folded.attempts.map((attempt) => attempt.charge)) : null,
    phaseSince: entered ? at : state.phaseSince,
    phaseVersion: entered ? version : state.phaseVersion,
    stalled: event.type === 'GenerationStalled' || !decisive ? folded.stalled : null,
  };
}

function requested({ data, version, at }: PlacedEvent & EventOf<'GenerationRequested'>): GenerationState {
  return {
    phase: 'requested',
    version,
    decisionVersion: version,
    run: 1,
    createdAt: Date.parse(data.requestedAt),
    updatedAt: at,
    phaseSince: at,
    phaseVersion: version,
    finishedAt: null,
    requested: {
      model: data.model,
      route: data.route,
      width: data.width,
      height: data.height,
      count: data.count,
      minCount: data.minCount,
      seed: data.seed,
      outputFormat: data.outputFormat,
      deadlineSeconds: data.deadlineSeconds,
    },
    estimatedCost: data.estimatedCost,
    deadline: Date.parse(data.deadline),
    attempts: [],
    current: null,
    spent: 0,
    deferrals: 0,
    retryAt: null,
    retryRule: null,
    nextModel: null,
    cancelAsked: null,
    failAsked: null,
    abandonOrdered: null,
    gaveUp: false,
    outputs: [],
    error: null,
    charge: null,
    orphans: [],
    stalled: null,
    erased: false,
  };
}

/** Folds a stream from its beginning, or on from a state. Undefined: no events. */
export function foldEvents(
  events: readonly PlacedEvent[],
  from?: GenerationState,
): GenerationState | undefined {
  return events.reduce<GenerationState | undefined>(evolve, from);
}
