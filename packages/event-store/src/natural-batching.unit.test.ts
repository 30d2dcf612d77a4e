import { naturalBatching } from './natural-batching.js';

interface Request {
  readonly key: string;
  readonly name: string;
}

/** Batches that end when told to. */
function gated(options: { sharesKeys?: boolean } = {}) {
  const batches: string[][] = [];
  const ends: { resolve(): void; reject(error: Error): void }[] = [];
  const batching = naturalBatching<Request, string>({
    keyOf: ({ key }) => key,
    sharesKeys: options.sharesKeys ?? false,
    bytesOf: ({ name }) => name.length,
    mayRunAlone: (error) => error instanceof Error && error.message !== 'unknown',
    run: (batch) => {
      batches.push(batch.map(({ name }) => name));
      return new Promise((resolve, reject) => {
        ends.push({ resolve: () => resolve(batch.map(({ name }) => `did ${name}`)), reject });
      });
    },
  });
  const add = (name: string, key = name): Promise<string> => batching.add({ key, name });
  return { batching, batches, ends, add };
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('sends at once what one tick asks for, and together what comes meanwhile', async () => {
  const { batches, ends, add } = gated();
  const first = [add('a'), add('b')];
  await settle();
  const second = [add('c'), add('d')];
  await settle();
  expect(batches).toEqual([['a', 'b']]);
  ends[0]?.resolve();
  expect(await Promise.all(first)).toEqual(['did a', 'did b']);
  await settle();
  ends[1]?.resolve();
  expect(await Promise.all(second)).toEqual(['did c', 'did d']);
  expect(batches).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});

it('sends beside one that is in flight what is worth a batch of its own, and no third', async () => {
  const { batches, ends, add } = gated();
  const all = [add('first')];
  await settle();
  all.push(...Array.from({ length: 15 }, (_, n) => add(`${n}`)));
  await settle();
  expect(batches).toHaveLength(1);
  all.push(add('15'));
  await settle();
  expect(batches.map(({ length }) => length)).toEqual([1, 16]);
  all.push(...Array.from({ length: 20 }, (_, n) => add(`late ${n}`)));
  await settle();
  expect(batches).toHaveLength(2);
  for (const end of ends) end.resolve();
  await settle();
  ends[2]?.resolve();
  await Promise.all(all);
  expect(batches.map(({ length }) => length)).toEqual([1, 16, 20]);
});

it('keeps requests of one key in order and in batches of their own', async () => {
  const { batches, ends, add } = gated();
  const all = [add('a1', 'a'), add('a2', 'a'), add('b')];
  await settle();
  expect(batches).toEqual([['a1', 'b']]);
  ends[0]?.resolve();
  await settle();
  expect(batches[1]).toEqual(['a2']);
  ends[1]?.resolve();
  expect(await Promise.all(all)).toEqual(['did a1', 'did a2', 'did b']);
});

it('lets requests of one key share a batch where that is allowed', async () => {
  const { batches, ends, add } = gated({ sharesKeys: true });
  const all = [add('a1', 'a'), add('a2', 'a')];
  await settle();
  expect(batches).toEqual([['a1', 'a2']]);
  ends[0]?.resolve();
  await Promise.all(all);
});

it('does not let a batch that waits for a lock hold back the others for long, but those of its keys', async () => {
  const { batches, ends, add } = gated();
  const slow = add('a1', 'a');
  await settle();
  const behind = add('a2', 'a');
  const other = add('b');
  while (batches.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(batches).toEqual([['a1'], ['b']]);
  ends[1]?.resolve();
  expect(await other).toBe('did b');
  ends[0]?.resolve();
  await slow;
  while (batches.length < 3) await settle();
  ends[2]?.resolve();
  expect(await behind).toBe('did a2');
});

it('tries the members of a failed batch one by one, so that one cannot fail the others', async () => {
  const { batches, ends, add } = gated();
  const all = Promise.allSettled([add('good'), add('bad'), add('fine')]);
  await settle();
  ends[0]?.reject(new Error('refused'));
  await settle();
  expect(batches[1]).toEqual(['good']);
  ends[1]?.resolve();
  await settle();
  ends[2]?.reject(new Error('refused'));
  await settle();
  ends[3]?.resolve();
  expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('tries nothing again whose outcome is unknown', async () => {
  const { batches, ends, add } = gated();
  const all = Promise.allSettled([add('a'), add('b')]);
  await settle();
  ends[0]?.reject(new Error('unknown'));
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(batches).toHaveLength(1);
});

it('sends no more than 256 together', async () => {
  const { batches, ends, add } = gated();
  const all = Array.from({ length: 300 }, (_, n) => add(String(n)));
  await settle();
  ends[0]?.resolve();
  await settle();
  ends[1]?.resolve();
  await Promise.all(all);
  expect(batches.map(({ length }) => length)).toEqual([256, 44]);
});

it('answers what was asked before it stopped, and refuses what comes after', async () => {
  const { batching, ends, add } = gated();
  const first = add('a');
  await settle();
  const second = add('b');
  const stopped = batching.stop();
  await expect(add('c')).rejects.toMatchObject({ code: 'stopped' });
  ends[0]?.resolve();
  await first;
  await settle();
  ends[1]?.resolve();
  expect(await second).toBe('did b');
  await stopped;
});
