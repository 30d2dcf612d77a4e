import { once } from 'node:events';
import { listParked } from '../parked-streams.js';
import { until } from '../testing/index.js';
import {
  committedBy,
  groupAtTheEnd,
  newStream,
  place,
  startReader,
  writtenTo,
} from './testing/event-topic.js';
import { KafkaWorld, keptLog } from './testing/kafka-world.js';

describe('members of a group that come, go, are slow and get stuck', () => {
  let world: KafkaWorld;

  beforeAll(async () => {
    world = await KafkaWorld.start();
  });
  afterEach(() => world.closeMembers());
  afterAll(() => world.stop());

  it('members come and go in mid-batch: nothing is lost, each stream is in order, none is handled twice at once by one member', async () => {
    const group = await groupAtTheEnd(world);
    const streams = await Promise.all(Array.from({ length: 60 }, () => newStream(world, 1)));
    const highest = new Map<string, number>();
    let disorder = 0;
    let doubled = 0;
    const start = () => {
      const busy = new Set<string>();
      return world.consume({
        group,
        concurrency: 8,
        handle: async ({ stream, version }) => {
          if (busy.has(stream)) doubled += 1;
          busy.add(stream);
          await new Promise((resolve) => setTimeout(resolve, 15));
          busy.delete(stream);
          const before = highest.get(stream) ?? 0;
          // Again is allowed after a rebalance; a gap never is.
          if (version > before + 1) disorder += 1;
          highest.set(stream, Math.max(before, version));
        },
      });
    };
    const first = await start();
    const writing = (async () => {
      for (let n = 0; n < 9; n += 1) for (const stream of streams) await world.append(stream);
    })();
    const second = await start();
    await until('both read', () => [first, second].every((member) => member.health().state === 'consuming'));
    const third = await start();
    await until('the third reads', () => third.health().state === 'consuming');
    await first.stop();
    await third.vanish();
    await writing;
    await until('all of it', () => streams.every((stream) => highest.get(stream) === 10), 60_000);
    expect([disorder, doubled]).toEqual([0, 0]);
    await until(
      'all is committed',
      async () => (await committedBy(world, group)) === (await writtenTo(world)),
    );
    expect(await listParked(world.database.sql, { consumer: group, limit: 100 })).toEqual([]);
    await second.stop();
  });

  it('a handler slower than the session: its message comes once, the others flow, nobody loses a partition', async () => {
    const group = await groupAtTheEnd(world);
    const [slow, quick] = [await newStream(world, 1), await newStream(world, 1)];
    const seen: string[] = [];
    const log = keptLog();
    const member = await world.consume({
      group,
      log,
      sessionTimeoutMs: 1_500,
      handle: async (message) => {
        seen.push(place(message));
        if (message.stream === slow) await new Promise((resolve) => setTimeout(resolve, 6_000));
      },
    });
    await until('both began', () => seen.length === 2);
    const after = await newStream(world, 1);
    await until('others flow', () => seen.includes(`${after}@1`));
    await until('the slow one ended', () => member.health().pending === 0);
    await until(
      'all is committed',
      async () => (await committedBy(world, group)) === (await writtenTo(world)),
    );
    expect(seen.sort()).toEqual([slow, quick, after].map((stream) => `${stream}@1`).sort());
    expect(log.lines.filter(({ message }) => message.includes('join again'))).toEqual([]);
    await member.stop();
  });

  it('a partition that is taken away: what of it has not started is left to its next owner, and not committed by the first', async () => {
    const group = await groupAtTheEnd(world);
    const streams = await Promise.all(Array.from({ length: 24 }, () => newStream(world, 1)));
    const began: string[][] = [[], []];
    let open: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (open = resolve));
    const first = await world.consume({
      group,
      clientId: 'member-a',
      concurrency: 2,
      handle: async ({ stream }) => {
        began[0]?.push(stream);
        await held;
      },
    });
    await until('its hands full', () => began[0]?.length === 2);
    const second = await world.consume({
      group,
      clientId: 'member-b',
      handle: async ({ stream }) => void began[1]?.push(stream),
    });
    await until('the second reads its part', () => (began[1]?.length ?? 0) > 0);
    await until('all of its part', () => second.health().pending === 0);
    const [heldStreams] = [began[0]?.slice()];
    open();
    await until('the first did the rest', () => first.health().pending === 0);
    await until(
      'all is committed',
      async () => (await committedBy(world, group)) === (await writtenTo(world)),
    );
    // Its part comes in as many fetches as it likes.
    const part = new Set(began[1]);
    expect(new Set([...(began[0] ?? []), ...part])).toEqual(new Set(streams));
    // Only what had begun when the partition went may be done by both.
    const both = began[0]?.filter((stream) => part.has(stream)) ?? [];
    expect(both.every((stream) => heldStreams?.includes(stream))).toBe(true);
    expect(part.size).toBeLessThan(streams.length);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('a client that gave up and does not start itself again is replaced', async () => {
    const group = await groupAtTheEnd(world);
    const { seen, member, log } = await startReader(world, group);
    const before = await newStream(world, 1);
    await until('it reads', () => seen.includes(`${before}@1`));
    member.sockets().at(-1)?.cut(new Error('cut by the test'));
    const after = await newStream(world, 1);
    await until('it reads again', () => seen.includes(`${after}@1`));
    expect(log.lines.filter(({ message }) => message.includes('join again'))).not.toEqual([]);
    expect(member.sockets()).toHaveLength(2);
    await member.stop();
  });

  it('told to stop while it waits to be let in, it does not wait for that, and no ghost of it stays', async () => {
    const group = await groupAtTheEnd(world);
    // The broker lets nobody in before it has given up whoever is gone without a word.
    const sessionTimeoutMs = 12_000;
    const gone = await world.consume({ group, sessionTimeoutMs, handle: async () => undefined });
    await until('it reads', () => gone.health().state === 'consuming');
    await gone.vanish();
    const stateOf = async (): Promise<string | undefined> =>
      (await world.admin.describeGroups([group])).groups[0]?.state;
    const waiting = await world.consume({ group, sessionTimeoutMs, handle: async () => undefined });
    await until('it waits', async () => (await stateOf()) === 'PreparingRebalance');
    expect(waiting.health().state).toBe('starting');
    await waiting.stop();
    expect([waiting.health().state, await stateOf()]).toEqual(['stopped', 'PreparingRebalance']);
    await until('nobody is in it', async () => (await stateOf()) === 'Empty', 60_000);
  });

  it('told to stop while no broker answers, it ends within its ten seconds, and the next one goes on', async () => {
    const group = await groupAtTheEnd(world);
    const silent = new AbortController();
    const begun: string[] = [];
    const member = await world.consume({
      group,
      handle: async (message) => {
        begun.push(place(message));
        if (!silent.signal.aborted) await once(silent.signal, 'abort');
      },
    });
    const stream = await newStream(world, 1);
    await until('begun', () => begun.includes(`${stream}@1`));
    process.kill(world.broker.pid, 'SIGSTOP');
    try {
      silent.abort();
      const began = performance.now();
      await member.stop();
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      process.kill(world.broker.pid, 'SIGCONT');
    }
    // The commit that was not answered may have been taken all the same.
    const { member: next, seen } = await startReader(world, group);
    await world.append(stream);
    await until('what comes next', () => seen.includes(`${stream}@2`));
    await next.stop();
  });

  it('a handler that never ends gives its partitions to another member after its limit', async () => {
    const group = await groupAtTheEnd(world);
    const stream = await newStream(world, 2);
    const stuck = await world.consume({
      group,
      handlerLimitMs: 1_000,
      handle: () => new Promise<never>(() => undefined),
    });
    await until('it gave up', () => stuck.health().state === 'waiting');
    expect(stuck.health().lastError).toMatchObject({ code: 'consumer_stuck' });
    const { seen, member: heir } = await startReader(world, group);
    await until('the heir did it', () => seen.includes(`${stream}@2`));
    await heir.stop();
    await stuck.vanish();
  });

  it('a member that reads other topics than its group is refused before it disturbs it', async () => {
    const group = await groupAtTheEnd(world);
    const { seen, member } = await startReader(world, group);
    await until('it reads', () => member.health().state === 'consuming');
    const other = await world.consume({
      group,
      types: ['ProviderAccountPaused'],
      handle: async () => undefined,
    });
    await until('refused', () => other.health().state === 'waiting');
    expect(other.health().lastError).toMatchObject({ code: 'mixed_subscriptions' });
    const stream = await newStream(world, 1);
    await until('the first reads on', () => seen.includes(`${stream}@1`));
    await other.stop();
    await member.stop();
  });
});
