import { type Command, decide, isFinal } from '@darkroom/domain';
import type { EventStore, NewEvent } from '@darkroom/event-store';
import type { Claim, WorkTable } from '@darkroom/work-table';
import { count, type Logger, measure, recordSpan, spanNames } from '@darkroom/platform';
import { artifactEventId } from '../policy/event-ids.js';
import { JobEnded } from '@darkroom/work-table';
import { loadGeneration, type LoadedGeneration } from './load-generation.js';

interface Ports {
  readonly store: Pick<EventStore, 'readStream' | 'append'>;
  readonly work: Pick<WorkTable, 'move'>;
  readonly logger: Logger;
}

/** `refused`: what happened meanwhile left nothing to say. `ended`: the run is over, and the job row released with it. */
export type Appended = 'appended' | 'ended' | 'refused';

const endsAttempt = new Set<string>(['OutputsProduced', 'AttemptFailed', 'AttemptAbandoned']);
const endings = new Set(['GenerationCompleted', 'GenerationFailed']);
/** Each conflict means that somebody else got on; more than this means that something is wrong. */
const mostConflicts = 50;

/**
 * Decides a command on the state as it is and appends what follows at exactly its version, the job row moved in the same
 * transaction. What was learned is carried into a new decision when somebody else was faster.
 */
export async function appendDecided(
  { store, work, logger }: Ports,
  claim: Claim,
  loaded: LoadedGeneration,
  command: Command,
  causationId?: string,
): Promise<Appended> {
  let { state } = loaded;
  for (let conflicts = 0; conflicts < mostConflicts; conflicts += 1) {
    const decision = decide(command, state);
    if (decision.kind === 'refused') {
      count('refusedTransitions', { phase: state.phase, reason: decision.reason });
      return 'refused';
    }
    const events = decision.events.map((event): NewEvent => ({
      ...event,
      id: artifactEventId(claim.generation, state, event),
    }));
    const isEnd = events.some(({ type }) => endings.has(type));
    const outcome = await store.append({
      stream: claim.generation,
      expected: state.version,
      events,
      metadata: {
        tenant: claim.tenant,
        actor: 'service:artifact',
        ...(causationId === undefined ? {} : { causationId }),
        ...(claim.traceparent === null ? {} : { traceparent: claim.traceparent }),
      },
      by: 'artifact',
      with: work.move(claim, {
        phase: isEnd ? 'ended' : 'storing',
        nextActionAt: null,
        foldedVersion: state.version + events.length,
        release: isEnd,
      }),
    });
    if (outcome.outcome === 'fenced') throw new JobEnded('lease-lost');
    if (outcome.outcome === 'appended')
      logger.debug({ appended: events.map(({ type }) => type).join(' ') }, 'a step was taken');
    if (outcome.outcome === 'conflict') count('appendConflicts', { service: 'artifact' });
    if (outcome.outcome === 'appended' && isEnd) recordEnd(loaded, events);
    if (outcome.outcome === 'appended') return isEnd ? 'ended' : 'appended';
    // Already there, or somebody else was faster: the stream tells.
    const again = await loadGeneration(store, claim.generation);
    if (again) ({ state } = again);
    if (outcome.outcome === 'already-appended') return isFinal(state.phase) ? 'refused' : 'appended';
  }
  throw new Error(`${mostConflicts} conflicts in a row on one stream`);
}

/** The phase that ends here, and how long all of it took but for the time that the attempts spent at vendors. */
function recordEnd({ events, state }: LoadedGeneration, appended: readonly NewEvent[]): void {
  const now = Date.now();
  const produced = events.findLast(({ type }) => type === 'OutputsProduced');
  if (produced) recordSpan(spanNames.storing, { from: produced.recordedAt.getTime(), to: now });
  const outcome = appended.find(({ type }) => endings.has(type))?.type ?? '';
  count('ended', { outcome });
  // A retry that is ordered within a run belongs to it; the first event of a later one began it.
  const began =
    state.run === 1 ? events[0] : events.find(({ data }) => 'run' in data && data.run === state.run);
  if (began)
    measure('ownDelay', (now - began.recordedAt.getTime() - atVendorsMs(events, state.run)) / 1_000, {
      outcome,
    });
}

/** From each attempt's beginning to the vendor's word on how it ended, in one run. */
function atVendorsMs(events: LoadedGeneration['events'], run: number): number {
  const startedAt = new Map<number, number>();
  let ms = 0;
  for (const { type, data, recordedAt } of events) {
    if (!('run' in data) || data.run !== run || !('attempt' in data)) continue;
    if (type === 'SubmissionStarted') startedAt.set(data.attempt, recordedAt.getTime());
    const from = startedAt.get(data.attempt);
    if (from === undefined || !endsAttempt.has(type)) continue;
    ms += recordedAt.getTime() - from;
    startedAt.delete(data.attempt);
  }
  return ms;
}
