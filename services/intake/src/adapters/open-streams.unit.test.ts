import { OpenStreams } from './open-streams.js';

const principal = (keyId: string) => ({
  tenant: 't',
  keyId,
  defaultRoute: ['sim/standard'],
  dailyBudget: null,
});
const aborted = async (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });

it('opens no more than it may, and again once one has ended', () => {
  const streams = new OpenStreams(() => Promise.resolve(new Set()), { limit: 2 });
  const first = streams.open(principal('a'));
  expect(streams.open(principal('b'))).toBeDefined();
  expect(streams.open(principal('c'))).toBeUndefined();
  first?.done();
  expect([first?.signal.aborted, streams.count]).toEqual([true, 1]);
  expect(streams.open(principal('c'))).toBeDefined();
  return streams.stop();
});

it('ends the streams of keys that no longer work, and those alone; asks once for all of them', async () => {
  const asked: (readonly string[])[] = [];
  const dead = (keyIds: readonly string[]) => {
    asked.push(keyIds.toSorted());
    return Promise.resolve(new Set(asked.length > 1 ? ['a'] : []));
  };
  const streams = new OpenStreams(dead, { limit: 10, checkMs: 5 });
  const [one, two, other] = ['a', 'a', 'b'].map((key) => streams.open(principal(key)));
  await Promise.all([one, two].map(async (stream) => stream && aborted(stream.signal)));
  expect([other?.signal.aborted, streams.count]).toEqual([false, 1]);
  expect(asked[0]).toEqual(['a', 'b']);
  await streams.stop();
});

it('keeps them open while nobody can be asked, and goes on asking', async () => {
  const errors: unknown[] = [];
  const dead = () =>
    errors.length < 3 ? Promise.reject(new Error('away')) : Promise.resolve(new Set(['a']));
  const streams = new OpenStreams(dead, { limit: 10, checkMs: 5, onError: (error) => errors.push(error) });
  const stream = streams.open(principal('a'));
  if (stream) await aborted(stream.signal);
  expect(errors).toHaveLength(3);
  await streams.stop();
});

it('ends all of them when it stops, and takes no more', async () => {
  const streams = new OpenStreams(() => Promise.resolve(new Set()), { limit: 10 });
  const stream = streams.open(principal('a'));
  await streams.stop();
  expect([stream?.signal.aborted, streams.open(principal('a')), streams.count]).toEqual([true, undefined, 0]);
});
