import { setTimeout as delay } from 'node:timers/promises';
import { createOnce, findGeneration, type Resource, type Target, tryCancel } from '../client.js';
import { simulatorModels, type SimulatorModel } from '../load.js';
import { oneOf, randomFrom } from './random.js';

/** How one try of a request went. `refused`: with a time to come back. `unknown`: no answer; it may have been taken. */
export interface Try {
  readonly outcome: 'ok' | 'refused' | 'unknown';
  readonly id?: string;
}

/** What a client asked for under one key, and all that it was told. */
export interface Request {
  readonly key: string;
  readonly model: SimulatorModel;
  readonly prompt: string;
  readonly tries: Try[];
}

/** What a reader saw of a generation, after what it, or another, had seen before. */
export interface Regress {
  readonly id: string;
  readonly before: readonly [run: number, version: number];
  readonly seen: readonly [run: number, version: number];
}

export interface LoadPlan {
  readonly seed: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly label: string;
  readonly readers: number;
}

const ackWithinMs = 120_000;
/** So many requests are sent twice at once, under one key. */
const doubled = 0.1;
/** So many are canceled, at some time in the seconds after. */
const canceled = 0.06;
const cancelWithinMs = 4_000;

/** The clients' own account of a run: it is what the rest is held against. */
export class Clients {
  readonly requests: Request[] = [];
  readonly regresses: Regress[] = [];
  /** Ids that were acknowledged, and that a later look answered with 404. */
  readonly notFound: string[] = [];
  reads = 0;
  /** Cancellations that were answered as taken. */
  cancels = 0;
  private readonly known = new Map<string, readonly [number, number]>();
  private readonly open = new Set<string>();
  private hasGivenUp = false;

  /** @param target asked anew for every try: what was restarted may be elsewhere */
  constructor(private readonly target: () => Target) {}

  /** Ids that were acknowledged. */
  get acknowledged(): string[] {
    return [...new Set(this.requests.flatMap(({ tries }) => tries.flatMap(({ id }) => id ?? [])))];
  }

  /** Ends `run` before its time: there is nobody left to ask. */
  giveUp(): void {
    this.hasGivenUp = true;
  }

  /** Creates at a steady rate, each with a key of its own, and repeats each until it is acknowledged; reads beside. */
  async run(plan: LoadPlan): Promise<void> {
    const random = randomFrom(plan.seed);
    const over = new AbortController();
    const readers = Array.from({ length: plan.readers }, (_, n) => this.readOn(plan.seed + n, over.signal));
    const running: Promise<void>[] = [];
    const started = performance.now();
    try {
      for (let n = 0; n < plan.perSecond * plan.seconds && !this.hasGivenUp; n += 1) {
        const request: Request = {
          key: `${plan.label}-${n}`,
          model: simulatorModels[n % simulatorModels.length] ?? 'sim/standard',
          prompt: `${plan.label} picture ${n}`,
          tries: [],
        };
        this.requests.push(request);
        const afterMs = random() < canceled ? cancelWithinMs * random() : undefined;
        running.push(this.acknowledge(request).then((id) => this.cancelAfter(afterMs, id)));
        if (random() < doubled) running.push(this.acknowledge(request).then(() => undefined));
        await delay(Math.max(0, started + ((n + 1) * 1_000) / plan.perSecond - performance.now()));
      }
      await Promise.all(running);
    } finally {
      over.abort();
    }
    await Promise.all(readers);
  }

  /** As a client that gets no answer: again. One that comes too late is refused, which is an answer. */
  private async cancelAfter(ms: number | undefined, id: string | undefined): Promise<void> {
    if (ms === undefined || id === undefined) return;
    await delay(ms);
    const end = performance.now() + ackWithinMs;
    while (performance.now() < end && !this.hasGivenUp) {
      const outcome = await tryCancel(this.target(), id);
      if (outcome !== undefined) {
        if (outcome === 'taken') this.cancels += 1;
        return;
      }
      await delay(200);
    }
  }

  /** @returns the id, as soon as there is one */
  private async acknowledge(request: Request): Promise<string | undefined> {
    const end = performance.now() + ackWithinMs;
    while (performance.now() < end && !this.hasGivenUp) {
      const { key, prompt, model } = request;
      const created = await createOnce(this.target(), key, { prompt, model, size: '256x256' });
      if (created.kind !== 'accepted') {
        request.tries.push({ outcome: created.kind === 'refused' ? 'refused' : 'unknown' });
        await delay(200);
        continue;
      }
      const { id } = created;
      request.tries.push({ outcome: 'ok', id });
      this.open.add(id);
      return id;
    }
    return undefined;
  }

  private async readOn(seed: number, over: AbortSignal): Promise<void> {
    const random = randomFrom(seed);
    while (!over.aborted) {
      const ids = [...this.open].slice(-200);
      if (ids.length > 0) await this.look(oneOf(random, ids)).catch(() => undefined);
      await delay(20);
    }
  }

  /** One look; whatever was seen before it began must not be undone by it. */
  async look(id: string): Promise<Resource> {
    const before = this.known.get(id);
    const resource = await findGeneration(this.target(), id);
    this.reads += 1;
    if (resource === undefined) {
      this.notFound.push(id);
      throw new Error(`${id} was not found`);
    }
    const seen = [resource.run, resource.version] as const;
    if (before !== undefined && isOlder(seen, before)) this.regresses.push({ id, before, seen });
    const newest = this.known.get(id);
    if (newest === undefined || isOlder(newest, seen)) this.known.set(id, seen);
    return resource;
  }
}

const isOlder = (one: readonly [number, number], other: readonly [number, number]): boolean =>
  one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
