import {
  type Command,
  currentAttempt,
  decide,
  type Decision,
  foldEvents,
  type GenerationEvent,
  type GenerationState,
  type RefusalReason,
} from '@darkroom/domain';
import type { NewEvent } from '@darkroom/event-store';
import { count } from '@darkroom/platform';
import type { Move } from '@darkroom/work-table';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { pollDelay, restOf } from '../policy/pace.js';
import { closeOrphans, tellsOfRunningJob } from './close-orphans.js';
import { jobLeft } from './job-left.js';
import { loadGeneration } from './load-generation.js';
import { again, type Next, rowOf } from './next.js';
import { settleSpend } from './settle-spend.js';
import { throughOutages } from './through-outages.js';
import { noteDurations, usualDuration } from './usual-duration.js';

/** `released`: the row was moved on and let go in the same transaction. `fenced`: the row is another's by now. */
export type Appended =
  | { readonly outcome: 'appended'; readonly state: GenerationState; readonly released: boolean }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly state: GenerationState }
  | { readonly outcome: 'fenced' };

export interface AppendOptions {
  /** The state as it was last seen: decided on first, without reading. What it refuses, or loses a race with, is decided anew. */
  readonly from: GenerationState;
  /** Whether the row may be let go with the append, where nothing is to be done at once. */
  readonly mayRest: boolean;
  /** It must not get lost: appended also when the lease is gone, and tried through outages. Default: what was heard. */
  readonly isEvidence?: boolean;
}

/** A command, or one that depends on the state as it is by then; undefined: there is nothing to say. */
export type Asked = Command | ((state: GenerationState) => Command | undefined);

/** What follows: nothing where the row was let go or is another's, else to plan again. */
export function nextOf(appended: Appended): Next {
  if (appended.outcome === 'fenced') return 'released';
  return appended.outcome === 'appended' && appended.released ? 'released' : again;
}

const mostRaces = 100;

/** Where the row goes with this state: on to its rest, or kept for what is to be done now. */
function moveTo(
  ports: GatewayPorts,
  state: GenerationState,
  { events, command }: Extract<Decided, { kind: 'events' }>,
  mayRest: boolean,
): Move {
  const now = ports.now();
  const pollMs = pollAfter(ports, state, events, now);
  // What time ended, or what comes to light after the end, may go on at the vendor; any other end is the vendor's own word.
  const left = command.type === 'tick' || tellsOfRunningJob(command) ? jobLeft(ports, state) : null;
  if (left !== null && now < left.until) {
    const due = left.access === null ? left.until : Math.min(now + pollMs, left.until);
    return rowOf(state, now, { due, release: mayRest, slot: 'held' });
  }
  const rest = mayRest ? restOf(state, now, pollMs) : undefined;
  if (rest !== undefined) return rowOf(state, now, { due: rest.due, release: true });
  // Whoever goes on to the next try goes on in the slot that it has.
  const goesOn = state.phase === 'requested' || state.phase === 'waiting';
  return rowOf(state, now, { due: null, release: false, ...(goesOn ? { slot: 'kept' } : {}) });
}

/** Milliseconds to the next look at the job: none where a webhook came before the answer to its submit, as the job may be over. */
function pollAfter(
  ports: GatewayPorts,
  state: GenerationState,
  events: readonly GenerationEvent[],
  now: number,
): number {
  const attempt = currentAttempt(state);
  if (attempt === undefined) return 0;
  const isAcceptedNow = events.some(({ type }) => type === 'SubmissionAccepted');
  if (isAcceptedNow && attempt.notifications > 0) return 0;
  return pollDelay(attempt, now, usualDuration(ports, attempt.model), ports.random());
}

/**
 * Decide, append with the exact version, the row in the same transaction; who loses a race decides again on what is
 * there then. What was heard from a vendor is evidence: it is appended also when the lease is gone, and tried for as long as
 * the database may take to come back.
 */
export async function appendDecision(
  ports: GatewayPorts,
  job: Job,
  asked: Asked,
  options: AppendOptions,
): Promise<Appended> {
  const isEvidence = options.isEvidence ?? (typeof asked !== 'function' && asked.type === 'hear');
  const append = async (): Promise<Appended> => appendOnce(ports, job, asked, { ...options, isEvidence });
  return isEvidence ? throughOutages(ports, job.claim.generation, append) : append();
}

async function appendOnce(
  ports: GatewayPorts,
  job: Job,
  asked: Asked,
  { from, mayRest, isEvidence }: Required<AppendOptions>,
): Promise<Appended> {
  const { claim } = job;
  let fenced = false;
  for (let race = 0; race < mostRaces; race += 1) {
    const state = race === 0 ? from : await presentState(ports, claim.generation);
    const decision = decideOn(asked, state);
    if (decision.kind === 'refused') {
      // What was seen may be old: only what is there now is refused for good.
      if (race === 0) continue;
      if (decision.reason !== 'nothing_new')
        count('refusedTransitions', { phase: state.phase, reason: decision.reason });
      return { outcome: 'refused', reason: decision.reason, state };
    }
    const after = foldOn(state, ports.now(), decision.events);
    const move = moveTo(ports, after, decision, mayRest);
    const { outcome } = await ports.store.append({
      stream: claim.generation,
      expected: state.version,
      events: decision.events.map((event): NewEvent => ({ id: ports.newId(), ...event })),
      metadata: {
        tenant: claim.tenant,
        actor: 'service:provider-gateway',
        ...(claim.traceparent === null ? {} : { traceparent: claim.traceparent }),
      },
      by: 'provider-gateway',
      ...(fenced ? {} : { with: ports.jobs.move(claim, move) }),
    });
    if (outcome === 'appended' || outcome === 'already-appended') {
      noteDurations(ports, after, decision.events);
      await settleSpend(ports, claim.generation, after, decision.events);
      await closeOrphans(ports, claim.generation, after, decision.events, decision.command);
      return { outcome: 'appended', state: after, released: move.release || fenced };
    }
    if (outcome === 'conflict') count('appendConflicts', { service: 'provider-gateway' });
    if (outcome === 'fenced') {
      if (!isEvidence) return { outcome: 'fenced' };
      fenced = true;
    }
  }
  throw new Error(`${mostRaces} appends in a row lost their race`);
}

type Decided =
  | (Extract<Decision, { kind: 'events' }> & { readonly command: Command })
  | Extract<Decision, { kind: 'refused' }>;

function decideOn(asked: Asked, state: GenerationState): Decided {
  const command = typeof asked === 'function' ? asked(state) : asked;
  if (command === undefined) return { kind: 'refused', reason: 'nothing_new' };
  const decision = decide(command, state);
  return decision.kind === 'refused' ? decision : { ...decision, command };
}

async function presentState(ports: GatewayPorts, generation: string): Promise<GenerationState> {
  const loaded = await loadGeneration(ports.store, generation);
  if (loaded === undefined) throw new Error(`no stream ${generation}`);
  return loaded.state;
}

function foldOn(state: GenerationState, now: number, events: readonly GenerationEvent[]): GenerationState {
  const placed = events.map((event, index) => ({ ...event, version: state.version + 1 + index, at: now }));
  return foldEvents(placed, state) ?? state;
}
