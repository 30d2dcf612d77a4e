/** Questions of one kind that are asked together where several are wanted at once. */
export interface SharedQuestions<T, A> {
  /**
   * Asks for this item, and for whatever else of `of` waits by then. Natural batching: while questions are on their way the next
   * collects, and nothing waits for a timer. One that hangs holds up what waits by its own timeout at most.
   * @returns the answer, and what else it was asked for; the question never leaves before this is called. Null: `signal` came first
   */
  ask(of: string, item: T, how: HowToAsk<T, A>, signal?: AbortSignal): Promise<SharedAnswer<T, A> | null>;
}

/** At least one. */
export type Some<T> = readonly [T, ...T[]];

/** The same for all questions of one `of`. */
export interface HowToAsk<T, A> {
  /** Items of one question. */
  readonly most: number;
  /** `signal`: nobody waits for the answer any more. */
  readonly send: (items: Some<T>, signal: AbortSignal) => Promise<A>;
}

export interface SharedAnswer<T, A> {
  readonly answer: A;
  readonly items: Some<T>;
}

/** On their way at once, so that one that hangs does not hold up all others. */
const width = 2;

interface Waiting<T, A> {
  readonly item: T;
  readonly how: HowToAsk<T, A>;
  readonly settle: (answer: SharedAnswer<T, A> | null) => void;
  readonly fail: (error: unknown) => void;
  isGone: boolean;
  /** Of the question that it is part of. */
  onGone: () => void;
}

interface Line<T, A> {
  waiting: Waiting<T, A>[];
  onTheWay: number;
}

/** Shares questions by whom they are asked of. */
export function sharedQuestions<T, A>(): SharedQuestions<T, A> {
  const lines = new Map<string, Line<T, A>>();

  const sendAll = async (of: string, line: Line<T, A>): Promise<void> => {
    line.onTheWay += 1;
    for (;;) {
      const [first, ...others] = line.waiting.splice(0, line.waiting[0]?.how.most ?? 0);
      if (first === undefined) break;
      await sendOne([first, ...others]);
    }
    line.onTheWay -= 1;
    if (line.onTheWay === 0) lines.delete(of);
  };

  return {
    ask: (of, item, how, signal) =>
      new Promise((settle, fail) => {
        const line = lines.get(of) ?? { waiting: [], onTheWay: 0 };
        const settled = (): void => signal?.removeEventListener('abort', leave);
        const one: Waiting<T, A> = {
          item,
          how,
          settle: (answer) => {
            settled();
            settle(answer);
          },
          fail: (error) => {
            settled();
            fail(error instanceof Error ? error : new Error(String(error)));
          },
          isGone: false,
          onGone: () => undefined,
        };
        const leave = (): void => {
          one.isGone = true;
          line.waiting = line.waiting.filter((other) => other !== one);
          settle(null);
          one.onGone();
        };
        if (signal?.aborted === true) return leave();
        signal?.addEventListener('abort', leave, { once: true });
        lines.set(of, line);
        line.waiting.push(one);
        if (line.onTheWay < width) void sendAll(of, line);
      }),
  };
}

async function sendOne<T, A>(batch: readonly [Waiting<T, A>, ...Waiting<T, A>[]]): Promise<void> {
  const [first, ...others] = batch;
  const items: Some<T> = [first.item, ...others.map(({ item }) => item)];
  const nobodyWaits = new AbortController();
  for (const one of batch)
    one.onGone = () => {
      if (batch.every(({ isGone }) => isGone)) nobodyWaits.abort();
    };
  try {
    const answer = await first.how.send(items, nobodyWaits.signal);
    for (const { settle } of batch) settle({ answer, items });
  } catch (error) {
    for (const { fail } of batch) fail(error);
  }
}
