import { setTimeout as delay } from 'node:timers/promises';
import {
  type Command,
  currentAttempt,
  decide,
  foldEvents,
  type GenerationEvent,
  type GenerationState,
  type RefusalReason,
} from '@darkroom/domain';
import { EventStoreError, type NewEvent } from '@darkroom/event-store';
import type { Move } from '@darkroom/work-table';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { holdsSlot, pollDelay, restOf } from '../policy/pace.js';
import { loadGeneration } from './load-generation.js';

/** `released`: the row was moved on and let go in the same transaction. */
export type Appended =
  | { readonly outcome: 'appended'; readonly state: GenerationState; readonly released: boolean }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly state: GenerationState };

const mostRaces = 100;
const longestOutageMs = 60_000;

/** Where the row goes with this state: on to its rest, or kept for what is to be done now. */
export function moveTo(ports: GatewayPorts, state: GenerationState, mayRest: boolean): Move {
  const now = ports.now();
  const attempt = currentAttempt(state);
  const usualMs =
    1000 * (attempt === undefined ? 1 : (ports.accessTo(attempt.model)?.sheet.usualSeconds.p50 ?? 1));
  const pollMs = attempt === undefined ? usualMs : pollDelay(attempt, now, usualMs, ports.random());
  const rest = mayRest ? restOf(state, now, pollMs) : undefined;
  return {
    phase: state.phase,
    nextActionAt: rest === undefined || rest.due === null ? null : new Date(rest.due),
    foldedVersion: state.version,
    holdsSlot: holdsSlot(state, now),
    release: rest !== undefined,
  };
}

/**
 * Load, decide, append with the exact version, the row in the same transaction; who loses a race decides again on what is
 * there then. What was heard from a vendor is evidence: it is appended also when the lease is gone, and tried for as long as
 * the database may take to come back.
 */
export async function appendDecision(
  ports: GatewayPorts,
  job: Job,
  command: Command,
  options: { readonly mayRest: boolean },
): Promise<Appended> {
  const { claim } = job;
  const isEvidence = command.type === 'hear';
  let fenced = false;
  const giveUpAt = performance.now() + longestOutageMs;
  for (let race = 0; race < mostRaces; race += 1) {
    try {
      const loaded = await loadGeneration(ports.store, claim.generation);
      if (loaded === undefined) throw new Error(`no stream ${claim.generation}`);
      const { state } = loaded;
      const decision = decide(command, state);
      if (decision.kind === 'refused') return { outcome: 'refused', reason: decision.reason, state };
      const after = foldOn(state, ports.now(), decision.events);
      const move = moveTo(ports, after, options.mayRest);
      const appended = await ports.store.append({
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
      if (appended.outcome === 'appended' || appended.outcome === 'already-appended') {
        report(ports, claim.generation, decision.events);
        return { outcome: 'appended', state: after, released: move.release || fenced };
      }
      if (appended.outcome === 'fenced') {
        if (!isEvidence) return { outcome: 'refused', reason: 'not_now', state };
        fenced = true;
      }
    } catch (error) {
      if (!isEvidence || !isOutage(error) || performance.now() > giveUpAt) throw error;
      ports.logger.warn({ err: error, generation: claim.generation }, 'an answer waits for the database');
      await delay(250);
    }
  }
  throw new Error(`${mostRaces} appends in a row lost their race`);
}

function isOutage(error: unknown): boolean {
  if (error instanceof EventStoreError)
    return error.code === 'store_unavailable' || error.code === 'outcome_unknown';
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
}

function foldOn(state: GenerationState, now: number, events: readonly GenerationEvent[]): GenerationState {
  const placed = events.map((event, index) => ({ ...event, version: state.version + 1 + index, at: now }));
  return foldEvents(placed, state) ?? state;
}

function report(ports: GatewayPorts, generation: string, events: readonly GenerationEvent[]): void {
  for (const event of events) {
    if (event.type === 'PaidOrphanRecorded')
      ports.logger.error({ generation, attempt: event.data.attempt }, 'a job was paid for that nobody uses');
  }
}
