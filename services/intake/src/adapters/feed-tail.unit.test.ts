import { type Cursor, cursorOf, origin } from '@darkroom/event-store';
import type { FeedEvent } from '@darkroom/read-models';
import { FeedTail } from './feed-tail.js';

let written: FeedEvent[] = [];
let queries = 0;
let failing = false;
const hints = new Set<() => void>();
const errors: unknown[] = [];

const at = (position: number): Cursor => cursorOf({ tx: 1n, position: BigInt(position) });
const write = (tenant: string, position: number): void => {
  const event = { tenant, cursor: at(position), generation: 'g', version: position };
  written.push(event as FeedEvent);
  for (const hint of hints) hint();
};

const open = (queueLimit = 256): FeedTail =>
  new FeedTail(
    {
      head: () => Promise.resolve(written.at(-1)?.cursor ?? origin),
      after: (places, limitEach) => {
        queries += 1;
        if (failing) return Promise.reject(new Error('away'));
        return Promise.resolve(
          places.flatMap(({ tenant, after }) =>
            written.filter((event) => event.tenant === tenant && event.cursor > after).slice(0, limitEach),
          ),
        );
      },
      onAppended: (listener) => {
        hints.add(listener);
        return () => hints.delete(listener);
      },
    },
    { queueLimit, busyPollMs: 1, idlePollMs: 5, onError: (error) => errors.push(error) },
  );

beforeEach(() => {
  written = [];
  queries = 0;
  failing = false;
});

it('pushes what is written after the attachment, to its tenant alone', async () => {
  const tail = open();
  write('a', 1);
  const [a, alsoA, b] = await Promise.all([tail.attach('a'), tail.attach('a'), tail.attach('b')]);
  write('a', 2);
  expect(await a.next(1_000)).toBe('events');
  expect(await alsoA.next(1_000)).toBe('events');
  expect([a, alsoA].map((listener) => listener.take().map(({ version }) => version))).toEqual([[2], [2]]);
  expect(await b.next(20)).toBe('timeout');
  await tail.stop();
});

it('drops the queue of a reader that does not read, and says so', async () => {
  const tail = open(3);
  const slow = await tail.attach('a');
  const quick = await tail.attach('a');
  const seen: number[] = [];
  for (let position = 1; position <= 5; position += 1) {
    write('a', position);
    expect(await quick.next(1_000)).toBe('events');
    seen.push(...quick.take().map(({ version }) => version));
  }
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  expect(await slow.next(1_000)).toBe('overflow');
  slow.reset();
  write('a', 6);
  expect(await slow.next(1_000)).toBe('events');
  expect(slow.take().map(({ version }) => version)).toEqual([6]);
  await tail.stop();
});

it('goes on after a failure of the database', async () => {
  const tail = open();
  const reader = await tail.attach('a');
  failing = true;
  write('a', 1);
  expect(await reader.next(30)).toBe('timeout');
  expect(errors.length).toBeGreaterThan(0);
  failing = false;
  expect(await reader.next(1_000)).toBe('events');
  await tail.stop();
});

it('asks nothing while nobody listens, and closes who waits when it stops', async () => {
  const tail = open();
  write('a', 1);
  expect(queries).toBe(0);
  const reader = await tail.attach('a');
  expect(tail.listening).toBe(1);
  const waiting = reader.next(10_000);
  await tail.stop();
  expect(await waiting).toBe('closed');
  expect(tail.listening).toBe(0);
  // Whoever comes after that is let go at once.
  const late = await tail.attach('a');
  expect([await late.next(1_000), tail.listening]).toEqual(['closed', 0]);
});
