import { oneAtATime } from '../process/one-at-a-time.js';
import { within } from '../process/within.js';
import type { Attributes, Counter, Histogram, Meter, ObservableResult } from '@opentelemetry/api';

/** A name of OpenTelemetry's where there is one; the unit is part of what Prometheus shows. */
interface Described {
  readonly name: string;
  readonly description: string;
  readonly unit?: string;
}

/** What is counted. Neither ids nor tenants are labels: each value of a label is a series that is kept for ever. */
export const counters = {
  attempts: {
    name: 'darkroom.attempts',
    description:
      'Attempts that the vendor ended, by provider account and how; those that were settled as not made are not among them.',
  },
  vendorPolls: {
    name: 'darkroom.vendor.polls',
    description: 'Looks at a vendor’s job, by provider account and whether anything had changed.',
  },
  unknownWords: {
    name: 'darkroom.vendor.unknown_words',
    description:
      'Looks that found a job’s status told with a word that nobody documented, by provider account.',
  },
  ended: {
    name: 'darkroom.generations.ended',
    description: 'Generations that ended in storing their outputs, by how.',
  },
  published: { name: 'darkroom.relay.published', description: 'Events that a broker acknowledged.' },
  appendConflicts: {
    name: 'darkroom.append.conflicts',
    description: 'Appends that found the stream further on than it was read.',
  },
  refusedTransitions: {
    name: 'darkroom.transitions.refused',
    description: 'Decisions that the table of transitions refused, by phase and reason.',
  },
} as const satisfies Readonly<Record<string, Described>>;

/** What is measured, in seconds. */
export const histograms = {
  queueWait: {
    name: 'darkroom.queue.wait',
    unit: 's',
    description: 'From the time at which an attempt could have begun to its beginning.',
  },
  attemptDuration: {
    name: 'darkroom.attempt.duration',
    unit: 's',
    description: 'From the intent to submit to the vendor’s word on how it ended.',
  },
  ownDelay: {
    name: 'darkroom.own.delay',
    unit: 's',
    description: 'From the request to its end, less the time that attempts spent at vendors.',
  },
  requestDuration: {
    name: 'http.server.request.duration',
    unit: 's',
    description: 'Requests that were served, by method, route and status.',
  },
} as const satisfies Readonly<Record<string, Described>>;

/** What is looked at when somebody asks. */
export const gauges = {
  inFlight: {
    name: 'darkroom.provider.in_flight',
    description: 'Slots of a provider account that are taken.',
  },
  limit: { name: 'darkroom.provider.limit', description: 'Slots of a provider account that there are.' },
  breakerOpen: {
    name: 'darkroom.provider.breaker_open',
    description: 'Whether the breaker of a provider account is open: 1, else 0.',
    unit: '1',
  },
  heldBack: {
    name: 'darkroom.provider.held_back',
    description: '1 while nothing is submitted to a provider account: it refused, or was at capacity.',
  },
  consumerLag: {
    name: 'darkroom.consumer.lag',
    unit: '{event}',
    description: 'Events that a consumer group or subscription has not done; counted to 10,000.',
  },
  consumerLagAge: {
    name: 'darkroom.consumer.lag.age',
    unit: 's',
    description: 'Age of the oldest of them.',
  },
  relayLag: {
    name: 'darkroom.relay.lag',
    unit: '{event}',
    description: 'Events that are not published; counted to 10,000.',
  },
  relayLagAge: { name: 'darkroom.relay.lag.age', unit: 's', description: 'Age of the oldest of them.' },
  parked: {
    name: 'darkroom.consumer.parked',
    unit: '{stream}',
    description: 'Streams that a consumer group could not get past.',
  },
  unknownAttempts: {
    name: 'darkroom.attempts.unknown',
    description: 'Generations with an attempt of which nobody knows yet whether the vendor has it.',
  },
  stalled: {
    name: 'darkroom.generations.stalled',
    description: 'Work that has been due for more than a minute, by service; counted to 10,000.',
  },
  oldestTransaction: {
    name: 'darkroom.database.oldest_transaction',
    unit: 's',
    description:
      'For how long the same transaction has been the oldest that writes: readers of the log wait for it.',
  },
} as const satisfies Readonly<Record<string, Described>>;

/** Bounds of a duration: milliseconds matter here, and hours do. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200];

/** As Prometheus wants it, which the serializer leaves out. */
const nameOf = ({ name, unit }: Described): string => (unit === 's' ? `${name}.seconds` : name);

let meter: Meter | undefined;
const made = new Map<string, Counter | Histogram>();

/** Names whoever counts from now on. */
export function countWith(its: Meter): void {
  meter = its;
  made.clear();
}

function instrument<Made extends Counter | Histogram>(
  { name }: Described,
  make: (meter: Meter) => Made,
): Made | undefined {
  if (meter === undefined) return undefined;
  const known = made.get(name);
  // One name stands for one kind: the tables above are all that there is.
  if (known !== undefined) return known as Made;
  const fresh = make(meter);
  made.set(name, fresh);
  return fresh;
}

/** Counts one more. Before `startMetrics`, and where it is never called, nothing happens. */
export function count(counter: keyof typeof counters, labels: Attributes = {}, by = 1): void {
  const { name, description } = counters[counter];
  instrument(counters[counter], (its) => its.createCounter(name, { description }))?.add(by, labels);
}

/** Notes a duration, in seconds; one that is negative, as clocks differ, is none. */
export function measure(histogram: keyof typeof histograms, seconds: number, labels: Attributes = {}): void {
  const { description, unit } = histograms[histogram];
  instrument(histograms[histogram], (its) =>
    its.createHistogram(nameOf(histograms[histogram]), {
      description,
      unit,
      advice: { explicitBucketBoundaries: bounds },
    }),
  )?.record(Math.max(0, seconds), labels);
}

/** One value, and what it is of. */
interface Seen {
  readonly value: number;
  readonly labels?: Attributes;
}

/**
 * Asked whenever somebody looks; a look that fails shows NaN for what was seen before.
 * @returns its end
 */
export function watchGauge(gauge: keyof typeof gauges, look: () => Promise<readonly Seen[]>): () => void {
  const described: Described = gauges[gauge];
  const instrument = meter?.createObservableGauge(nameOf(described), described);
  let seen: readonly Seen[] = [];
  const asked = oneAtATime(look);
  const callback = async (result: ObservableResult): Promise<void> => {
    try {
      seen = await within(lookMs, asked(), late);
    } catch {
      // What was seen before would be shown again, as if it were true; thrown on, the error would take these too.
      for (const { labels } of seen) result.observe(Number.NaN, labels);
      return;
    }
    for (const { value, labels } of seen) result.observe(value, labels);
  };
  instrument?.addCallback(callback);
  return () => instrument?.removeCallback(callback);
}

/** Shorter than what collects them waits: its own bound would leave what was seen before. */
const lookMs = 2_000;
const late = (): Error => new Error(`no answer within ${lookMs} ms`);

/** How far behind the end of a log somebody is. */
export interface Lag {
  readonly events: number;
  /** Of the oldest of them; 0: there is none. */
  readonly ageSeconds: number;
}

/** Both gauges of a lag, by one look for those that ask within a second. @returns its end */
export function watchLag(
  of: 'consumer' | 'relay',
  look: () => Promise<Lag>,
  labels: Attributes = {},
): () => void {
  const shared = sharedLook(look);
  const ends = [
    watchGauge(`${of}Lag`, async () => [{ value: (await shared()).events, labels }]),
    watchGauge(`${of}LagAge`, async () => [{ value: (await shared()).ageSeconds, labels }]),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function sharedLook<T>(look: () => Promise<T>): () => Promise<T> {
  let last: Promise<T> | undefined;
  let answeredAt = Number.NEGATIVE_INFINITY;
  const ask = oneAtATime(async () => look().finally(() => (answeredAt = performance.now())));
  return () => {
    if (last === undefined || performance.now() - answeredAt > 1_000) last = ask();
    return last;
  };
}
