import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import type { BusMessage } from '../message.js';
import { type BusHarness, until } from './harness.js';

/** One property of the bus; `run` rejects where an adapter breaks it. */
export interface BusConformanceCase {
  readonly name: string;
  readonly run: (bus: BusHarness) => Promise<void>;
}

/** Waits short enough for tests. */
const quick = { retryBaseMs: 1, retryCapMs: 5, parkBaseMs: 60_000, stopBaseMs: 20, stopCapMs: 40 };
const place = (message: BusMessage): string => `${message.stream}@${message.version}`;
const group = (): string => `conformance-${randomUUID()}`;
const poison = (): Error => new TypeError('cannot read what is not there');

async function streamOf(bus: BusHarness, events: number): Promise<string> {
  const stream = randomUUID();
  for (let n = 0; n < events; n += 1) await bus.append(stream);
  return stream;
}

/** What every adapter of the bus must do. Framework-free: a test file names the adapter and runs each case. */
export const busConformance: readonly BusConformanceCase[] = [
  {
    name: 'a handler that throws is not counted as done: its message comes again',
    async run(bus) {
      const stream = await streamOf(bus, 1);
      const name = group();
      let tries = 0;
      const consumer = await bus.consume({
        group: name,
        policy: quick,
        handle: async (message) => {
          if (message.stream !== stream) return;
          tries += 1;
          if (tries === 1) throw new Error('first try fails');
        },
      });
      await until('second try', () => tries === 2);
      await consumer.stop();
      assert.deepEqual(await bus.parked(name), []);
    },
  },
  {
    name: 'order is kept per stream while other streams go on',
    async run(bus) {
      const slow = await streamOf(bus, 3);
      const quickStream = await streamOf(bus, 3);
      const seen: string[] = [];
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const consumer = await bus.consume({
        group: group(),
        handle: async (message) => {
          if (message.stream === slow && message.version === 1) await held;
          seen.push(place(message));
        },
      });
      await until('the quick stream passed', () => seen.includes(`${quickStream}@3`));
      assert.ok(
        !seen.some((at) => at.startsWith(slow)),
        'a later event overtook an earlier one of its stream',
      );
      release();
      await until('the slow stream followed', () => seen.includes(`${slow}@3`));
      await consumer.stop();
      for (const stream of [slow, quickStream]) {
        const versions = seen.filter((at) => at.startsWith(stream)).map((at) => Number(at.split('@')[1]));
        assert.deepEqual(versions, [1, 2, 3]);
      }
    },
  },
  {
    name: 'a crash between effect and checkpoint: delivered again, nothing skipped, nothing parked',
    async run(bus) {
      const stream = await streamOf(bus, 4);
      const name = group();
      const first: number[] = [];
      const dying = await bus.consume({
        group: name,
        handle: async (message) => {
          if (message.stream !== stream) return;
          first.push(message.version);
          if (message.version === 2) {
            await dying.vanish();
            await new Promise<never>(() => undefined);
          }
        },
      });
      await until('its death', () => first.includes(2));
      const second: number[] = [];
      const heir = await bus.consume({
        group: name,
        handle: async (message) => {
          if (message.stream === stream) second.push(message.version);
        },
      });
      await until('the heir read to the end', () => second.includes(4));
      await heir.stop();
      const all = new Set([...first, ...second]);
      assert.deepEqual(
        [...all].sort((a, b) => a - b),
        [1, 2, 3, 4],
      );
      assert.ok(second.includes(2), 'the effect without a checkpoint was not delivered again');
      assert.deepEqual(await bus.parked(name), []);
    },
  },
  {
    name: 'a transient error holds one stream back in place, and is not parked',
    async run(bus) {
      const troubled = await streamOf(bus, 1);
      const fine = await streamOf(bus, 1);
      const name = group();
      const seen: string[] = [];
      let tries = 0;
      const consumer = await bus.consume({
        group: name,
        policy: { ...quick, transientTries: 50 },
        handle: async (message) => {
          if (message.stream === troubled) {
            tries += 1;
            if (tries < 20) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
          }
          seen.push(place(message));
        },
      });
      await until('both passed', () => seen.includes(`${troubled}@1`) && seen.includes(`${fine}@1`));
      await consumer.stop();
      assert.deepEqual(await bus.parked(name), []);
    },
  },
  {
    name: 'while nobody gets through, a transient error parks nothing, however long it lasts',
    async run(bus) {
      const stream = await streamOf(bus, 1);
      const name = group();
      let tries = 0;
      let away = true;
      const consumer = await bus.consume({
        group: name,
        policy: { ...quick, transientTries: 3 },
        handle: async () => {
          tries += 1;
          if (away) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
        },
      });
      await until('many tries', () => tries > 30);
      assert.deepEqual(await bus.parked(name), []);
      away = false;
      await until('it passed', () => consumer.health().pending === 0);
      await consumer.stop();
      assert.ok(stream);
    },
  },
  {
    name: 'a poison message parks its stream, with a cancel queued behind it; the others flow; the cancel retries it once at once',
    async run(bus) {
      const stream = await streamOf(bus, 2);
      const name = group();
      const seen: string[] = [];
      let broken = true;
      const consumer = await bus.consume({
        group: name,
        policy: quick,
        handle: async (message) => {
          if (broken && message.stream === stream && message.version === 2) {
            seen.push('try');
            throw poison();
          }
          seen.push(place(message));
        },
      });
      await until('parked', async () => (await bus.parked(name)).length === 1);
      const other = await streamOf(bus, 2);
      await until('others flow', () => seen.includes(`${other}@2`));
      const triesBefore = seen.filter((at) => at === 'try').length;
      await bus.append(stream, 'CancellationRequested');
      await until('the cancel is behind', async () => (await bus.parked(name))[0]?.lastVersion === 3);
      assert.equal(seen.filter((at) => at === 'try').length, triesBefore + 1, 'retried once, at once');
      assert.ok(!seen.includes(`${stream}@3`), 'the cancel overtook the parked event');
      const [row] = await bus.parked(name);
      assert.equal(row?.version, 2);
      assert.deepEqual(row?.error, {
        name: 'TypeError',
        code: null,
        message: 'cannot read what is not there',
      });
      broken = false;
      await bus.append(stream);
      await until('released', async () => (await bus.parked(name)).length === 0);
      await consumer.stop();
      const versions = seen.filter((at) => at.startsWith(stream)).map((at) => Number(at.split('@')[1]));
      assert.deepEqual(versions, [1, 2, 3, 4]);
    },
  },
  {
    name: 'a parked stream stays parked over a restart and is tried again when its time has come',
    async run(bus) {
      const stream = await streamOf(bus, 2);
      const name = group();
      const first = await bus.consume({
        group: name,
        policy: { ...quick, parkBaseMs: 300 },
        handle: async (message) => {
          if (message.stream === stream && message.version === 2) throw poison();
        },
      });
      await until('parked', async () => (await bus.parked(name)).length === 1);
      await first.stop();
      const seen: number[] = [];
      const second = await bus.consume({
        group: name,
        policy: { ...quick, parkBaseMs: 300 },
        handle: async (message) => {
          if (message.stream === stream) seen.push(message.version);
        },
      });
      await until('released', async () => (await bus.parked(name)).length === 0);
      await second.stop();
      assert.deepEqual(seen, [2]);
    },
  },
  {
    name: 'redelivery after the final event: all of it comes again and is dropped, nothing is parked',
    async run(bus) {
      const stream = await streamOf(bus, 5);
      const name = group();
      let told = 0;
      const effects: number[] = [];
      const member = (): Promise<Awaited<ReturnType<BusHarness['consume']>>> =>
        bus.consume({
          group: name,
          handle: async (message) => {
            if (message.stream !== stream) return;
            told += 1;
            if (await bus.guard(name, stream, message.version)) effects.push(message.version);
          },
        });
      const first = await member();
      await until('read to the end', () => told === 5);
      await first.stop();
      await bus.rewind(name);
      const second = await member();
      await until('told again', () => told === 10);
      await second.stop();
      assert.deepEqual(effects, [1, 2, 3, 4, 5]);
      assert.deepEqual(await bus.parked(name), []);
    },
  },
  {
    name: 'replay by command: a parked stream is tried before its time, in order, and goes on',
    async run(bus) {
      const stream = await streamOf(bus, 3);
      const name = group();
      let broken = true;
      const seen: number[] = [];
      const consumer = await bus.consume({
        group: name,
        policy: { ...quick, parkBaseMs: 3_600_000 },
        handle: async (message) => {
          if (message.stream !== stream) return;
          if (broken && message.version === 2) throw poison();
          seen.push(message.version);
        },
      });
      await until('parked with the last behind', async () => (await bus.parked(name))[0]?.lastVersion === 3);
      assert.equal(await bus.replay(name), 1);
      await until('tried, and parked again', async () => ((await bus.parked(name))[0]?.attempts ?? 0) > 4);
      broken = false;
      assert.equal(await bus.replay(name), 1);
      await until('released', async () => (await bus.parked(name)).length === 0);
      assert.equal(await bus.replay(name), 0);
      await consumer.stop();
      assert.deepEqual(seen, [1, 2, 3]);
    },
  },
  {
    name: 'a cause common to all messages stops the consumer; it goes on by itself when the cause is gone',
    async run(bus) {
      const streams = await Promise.all(Array.from({ length: 12 }, () => streamOf(bus, 1)));
      const name = group();
      let broken = true;
      const seen = new Set<string>();
      const consumer = await bus.consume({
        group: name,
        policy: { ...quick, commonCauseStreams: 3 },
        concurrency: 8,
        handle: async (message) => {
          if (broken) throw poison();
          seen.add(message.stream);
        },
      });
      await until('stopped', () => consumer.health().state === 'waiting');
      const parkedThen = await bus.parked(name);
      assert.equal(parkedThen.length, 2, 'the consumer emptied the log into the parked streams');
      await until('it probed again and found nothing better', () => consumer.health().state === 'consuming');
      await until('stopped again', () => consumer.health().state === 'waiting');
      assert.equal((await bus.parked(name)).length, 2, 'a probe parked another stream');
      broken = false;
      const parked = new Set(parkedThen.map((row) => row.stream));
      await until('all others passed', () =>
        streams.every((stream) => seen.has(stream) || parked.has(stream)),
      );
      await consumer.stop();
    },
  },
  {
    name: 'back-pressure: no more is taken than the capacity while handlers are slow',
    async run(bus) {
      for (let n = 0; n < 30; n += 1) await streamOf(bus, 2);
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let most = 0;
      let started = 0;
      const consumer = await bus.consume({
        group: group(),
        concurrency: 4,
        capacity: 8,
        handle: async () => {
          started += 1;
          most = Math.max(most, consumer.health().pending);
          await held;
        },
      });
      await until('its hands full', () => started === 4);
      await until('it took what it may', () => consumer.health().pending >= 8);
      release();
      await until('all passed', () => started >= 60 && consumer.health().pending === 0);
      await consumer.stop();
      // One batch may be taken on top of what was below the capacity.
      assert.ok(most < 16, `took ${most}`);
    },
  },
  {
    name: 'two members: one works, the other stands by and takes over when it leaves',
    async run(bus) {
      const name = group();
      const seen: string[] = [];
      const member = (label: string): Promise<Awaited<ReturnType<BusHarness['consume']>>> =>
        bus.consume({
          group: name,
          handle: async (message) => {
            seen.push(`${label}:${place(message)}`);
          },
        });
      const first = await member('first');
      await until('first consumes', () => first.health().state === 'consuming');
      const second = await member('second');
      const early = await streamOf(bus, 2);
      await until('first handled', () => seen.includes(`first:${early}@2`));
      await first.stop();
      const late = await streamOf(bus, 2);
      await until('second handled', () => seen.includes(`second:${late}@2`));
      await second.stop();
      const handled = seen.map((at) => at.slice(at.indexOf(':') + 1));
      assert.equal(new Set(handled).size, handled.length, 'after an orderly hand-over nothing comes twice');
    },
  },
  {
    name: 'a member that vanishes is replaced, and nothing is lost',
    async run(bus) {
      const name = group();
      const stream = await streamOf(bus, 2);
      const gone = await bus.consume({ group: name, handle: () => new Promise<never>(() => undefined) });
      await until('it holds the lease', () => gone.health().pending > 0);
      await gone.vanish();
      const seen: string[] = [];
      const heir = await bus.consume({
        group: name,
        handle: async (message) => {
          seen.push(place(message));
        },
      });
      await until('taken over', () => seen.includes(`${stream}@2`));
      await heir.stop();
      assert.ok(seen.includes(`${stream}@1`));
    },
  },
  {
    name: 'graceful stop: what runs is finished and remembered, what waits is left for the next',
    async run(bus) {
      const name = group();
      const streams = await Promise.all(Array.from({ length: 6 }, () => streamOf(bus, 2)));
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const finished: string[] = [];
      let started = 0;
      const consumer = await bus.consume({
        group: name,
        concurrency: 2,
        handle: async (message) => {
          started += 1;
          if (started === 2) release();
          await held;
          await new Promise((resolve) => setImmediate(resolve));
          finished.push(place(message));
        },
      });
      await until('two at work', () => started >= 2);
      await consumer.stop();
      const finishedAtStop = finished.length;
      assert.equal(finishedAtStop, started, 'stopped with work in flight');
      assert.equal(consumer.health().state, 'stopped');
      const again: string[] = [];
      const next = await bus.consume({
        group: name,
        handle: async (message) => {
          again.push(place(message));
        },
      });
      await until('the rest', () =>
        streams.every((stream) => [...finished, ...again].includes(`${stream}@2`)),
      );
      await next.stop();
      assert.equal(finished.length, finishedAtStop, 'worked on after it had stopped');
    },
  },
  {
    name: 'stop with full hands: messages that wait for their next try are left for the next member',
    async run(bus) {
      const name = group();
      const streams = await Promise.all(Array.from({ length: 8 }, () => streamOf(bus, 1)));
      const consumer = await bus.consume({
        group: name,
        concurrency: 4,
        capacity: 4,
        policy: { ...quick, retryBaseMs: 600_000, retryCapMs: 600_000 },
        handle: async () => {
          throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
        },
      });
      await until('its hands full', () => consumer.health().pending >= 4);
      let stopped = false;
      void consumer.stop().then(() => (stopped = true));
      await until('stopped', () => stopped, 5_000);
      assert.deepEqual(await bus.parked(name), []);
      const seen = new Set<string>();
      const next = await bus.consume({
        group: name,
        handle: async (message) => {
          seen.add(message.stream);
        },
      });
      await until('all delivered to the next', () => streams.every((stream) => seen.has(stream)));
      await next.stop();
    },
  },
  {
    name: 'messages carry trace context and no personal field; types without a handler are passed over',
    async run(bus) {
      const name = group();
      const stream = await streamOf(bus, 3);
      const seen: BusMessage[] = [];
      const consumer = await bus.consume({
        group: name,
        types: ['GenerationRequested'],
        handle: async (message) => {
          if (message.stream === stream) seen.push(message);
        },
      });
      await until('delivered', () => seen.length === 1);
      const [message] = seen;
      assert.equal(message?.metadata.traceparent, bus.traceparent);
      assert.ok(message && !('prompt' in message.data), 'a prompt travelled');
      await consumer.stop();
    },
  },
];
