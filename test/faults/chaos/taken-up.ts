import type { GenerationEventType } from '@darkroom/contract';

/** An event of the log, as far as it matters here. */
export interface Logged {
  readonly stream: string;
  readonly type: string;
  readonly recordedAt: Date;
}

/** A process that was killed, and when (ms since the epoch). */
export interface Kill {
  readonly process: string;
  readonly at: number;
}

/** How long work lay that a killed gateway had in hand, in seconds from the kill to the next event of its stream. */
export interface TakenUp {
  readonly held: number;
  readonly median: number | null;
  readonly max: number | null;
  /** So much of it lay for longer than the goal, or for ever. */
  readonly late: number;
}

/** From the kill on. */
export const goalSeconds = 15;

/**
 * What a gateway has in hand, by the last event of the stream: after a start it owes the outcome of a submit, after an acceptance the end
 * of a job, which comes when the vendor is done. What an artifact service has in hand is not in the log.
 */
const inHand = {
  submits: 'SubmissionStarted',
  jobs: 'SubmissionAccepted',
} as const satisfies Readonly<Record<string, GenerationEventType>>;

/** Measured on the log alone; what else was broken at the time is in it too. */
export function takenUp(
  events: readonly Logged[],
  kills: readonly Kill[],
): Record<keyof typeof inHand, TakenUp> {
  const streams = new Map<string, Logged[]>();
  for (const event of events) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
  const of = (type: string): TakenUp => {
    const waits = kills
      .filter(({ process }) => process.startsWith('provider-gateway'))
      .flatMap(({ at }) => [...streams.values()].flatMap((own) => waitOf(own, at, type) ?? []))
      .toSorted((a, b) => a - b);
    return {
      held: waits.length,
      median: rounded(waits[Math.floor(waits.length / 2)]),
      max: rounded(waits.filter(Number.isFinite).at(-1)),
      late: waits.filter((seconds) => seconds > goalSeconds).length,
    };
  };
  return { submits: of(inHand.submits), jobs: of(inHand.jobs) };
}

/** Undefined: it was not in hand. */
function waitOf(events: readonly Logged[], at: number, type: string): number | undefined {
  const next = events.findIndex(({ recordedAt }) => recordedAt.getTime() > at);
  const last = events[next === -1 ? events.length - 1 : next - 1];
  if (last?.type !== type) return undefined;
  const after = events[next];
  return after === undefined ? Number.POSITIVE_INFINITY : (after.recordedAt.getTime() - at) / 1_000;
}

const rounded = (seconds: number | undefined): number | null =>
  seconds === undefined || !Number.isFinite(seconds) ? null : Math.round(seconds * 10) / 10;
