import { EventStoreError } from './errors.js';

export interface BatchingOptions<Request, Answer> {
  /** Answers for each request of the batch, in its order. Requests with the same key are never in two batches at once. */
  readonly run: (batch: readonly Request[]) => Promise<readonly Answer[]>;
  readonly keyOf: (request: Request) => string;
  /** Whether two requests with the same key may share a batch. */
  readonly sharesKeys: boolean;
  readonly bytesOf: (request: Request) => number;
  /** Whether a failed batch is certain to have changed nothing, so that its members may be tried one by one. */
  readonly mayRunAlone: (error: unknown) => boolean;
}

/** Collects what is asked for while a batch is in flight. */
export interface NaturalBatching<Request, Answer> {
  add(request: Request): Promise<Answer>;
  /** Answers what is queued, refuses what comes. */
  stop(): Promise<void>;
}

const mostMembers = 256;
const mostBytes = 4_000_000;
const mostInFlight = 8;
/** So many that wait are a batch of their own: it leaves beside one that is in flight, so that neither side stands still. */
const worthASecond = 16;
/** A batch that waits for somebody's lock longer than this does not hold back the others. */
const patienceMs = 50;

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly key: string;
  /** Its batch failed: it is tried without company, so that one member cannot fail the others. */
  alone: boolean;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Natural batching: a request on an idle system leaves at once and alone; what comes while it is in flight leaves together
 * after it, or beside it once they are many. There is no timer unless a batch is slow while others wait.
 */
export function naturalBatching<Request, Answer>(
  options: BatchingOptions<Request, Answer>,
): NaturalBatching<Request, Answer> {
  let queue: Waiting<Request, Answer>[] = [];
  const keysInFlight = new Set<string>();
  let inFlight = 0;
  let scheduled = false;
  let patience: NodeJS.Timeout | undefined;
  let stopped = false;
  let idle: (() => void)[] = [];

  /** In a microtask: what one tick asks for leaves together. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      if (inFlight === 0 || (inFlight === 1 && queue.length >= worthASecond)) send();
      else waitPatiently();
    });
  }

  function waitPatiently(): void {
    if (patience !== undefined || queue.length === 0) return;
    patience = setTimeout(() => {
      patience = undefined;
      if (inFlight < mostInFlight) send();
      waitPatiently();
    }, patienceMs);
  }

  function take(): Waiting<Request, Answer>[] {
    const batch: Waiting<Request, Answer>[] = [];
    const left: Waiting<Request, Answer>[] = [];
    const keys = new Set<string>();
    const passedOver = new Set<string>();
    let bytes = 0;
    let full = false;
    for (const waiting of queue) {
      const { key } = waiting;
      bytes += options.bytesOf(waiting.request);
      const blocked =
        full || keysInFlight.has(key) || passedOver.has(key) || (keys.has(key) && !options.sharesKeys);
      const crowded = batch.length > 0 && (waiting.alone || bytes > mostBytes || batch.length >= mostMembers);
      if (blocked || crowded) {
        left.push(waiting);
        passedOver.add(key); // Requests with one key stay in their order.
        full ||= crowded;
      } else {
        batch.push(waiting);
        keys.add(key);
        full ||= waiting.alone;
      }
    }
    queue = left;
    return batch;
  }

  function send(): void {
    const batch = take();
    if (batch.length === 0) return;
    inFlight += 1;
    for (const { key } of batch) keysInFlight.add(key);
    void run(batch).finally(() => {
      inFlight -= 1;
      for (const { key } of batch) keysInFlight.delete(key);
      if (queue.length > 0) schedule();
      else if (inFlight === 0) for (const done of idle.splice(0)) done();
    });
  }

  async function run(batch: readonly Waiting<Request, Answer>[]): Promise<void> {
    try {
      const answers = await options.run(batch.map(({ request }) => request));
      batch.forEach((waiting, index) => waiting.resolve(answers[index] as Answer));
    } catch (error) {
      if (batch.length > 1 && options.mayRunAlone(error)) {
        for (const waiting of batch) waiting.alone = true;
        queue = [...batch, ...queue];
      } else {
        for (const waiting of batch) waiting.reject(error);
      }
    }
  }

  return {
    add(request) {
      if (stopped) return Promise.reject(new EventStoreError('stopped', 'the event store was stopped'));
      return new Promise((resolve, reject) => {
        queue.push({ request, key: options.keyOf(request), alone: false, resolve, reject });
        schedule();
      });
    },
    async stop() {
      stopped = true;
      if (queue.length > 0 || inFlight > 0) await new Promise<void>((resolve) => idle.push(resolve));
      clearTimeout(patience);
    },
  };
}
