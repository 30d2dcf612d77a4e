import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { until } from '../testing/index.js';
import { conformanceTypes } from '../testing/sample-bus.js';
import { KafkaWorld } from './testing/kafka-world.js';

/** What a member's process runs: the built consumer, a handler that takes its time and says what it did. */
const script = (settings: object): string => `
  const { KafkaConsumer } = await import(${JSON.stringify(new URL('../../dist/kafka/kafka-consumer.js', import.meta.url).href)});
  const { openDatabase } = await import('@darkroom/event-store');
  const { setTimeout: delay } = await import('node:timers/promises');
  const { databaseUrl, types, ...options } = ${JSON.stringify(settings)};
  const consumer = new KafkaConsumer(
    { ...options, store: { readStream: async () => [] }, sql: openDatabase(databaseUrl), },
    { types, handle: async ({ stream, version }) => {
      await delay(10);
      process.stdout.write('did ' + stream + '@' + version + '\\n');
    } },
  );
  consumer.start();
  let said = '';
  setInterval(() => {
    const { state } = consumer.health();
    if (state !== said) process.stdout.write('state ' + (said = state) + '\\n');
  }, 200);`;

class MemberProcess {
  readonly did: string[] = [];
  state = '';
  private constructor(private readonly child: ChildProcess) {
    if (!child.stdout) throw new Error('no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, value = ''] = line.split(' ');
      if (what === 'did') this.did.push(value);
      else this.state = value;
    });
  }

  static start(world: KafkaWorld, group: string, clientId: string): MemberProcess {
    const settings = {
      address: { brokers: [world.broker.brokers], clientId },
      databaseUrl: world.database.url,
      types: conformanceTypes,
      group,
      concurrency: 4,
      sessionTimeoutMs: 2_000,
    };
    return new MemberProcess(
      spawn(process.execPath, ['--input-type=module', '-e', script(settings)], {
        cwd: new URL('../..', import.meta.url),
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** How often it has gone to sleep so far. */
  get sleeps(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1]);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

describe('members of a group, each a process', () => {
  let world: KafkaWorld;
  const members: MemberProcess[] = [];
  const start = (group: string, clientId: string): MemberProcess => {
    const member = MemberProcess.start(world, group, clientId);
    members.push(member);
    return member;
  };
  beforeAll(async () => {
    world = await KafkaWorld.start();
  });
  afterEach(async () => {
    await Promise.all(members.splice(0).map((member) => member.kill()));
  });
  afterAll(() => world.stop());

  const append = async (events: number): Promise<string[]> => {
    const streams = Array.from({ length: 30 }, () => randomUUID());
    for (let n = 0; n < events; n += 1) await Promise.all(streams.map((stream) => world.append(stream)));
    return streams.flatMap((stream) => Array.from({ length: events }, (_, n) => `${stream}@${n + 1}`));
  };

  it('one killed -9 in mid-batch, one stopped for longer than its session: the others do the rest, nothing is lost', async () => {
    const group = `processes-${randomUUID()}`;
    const [killed, paused, third] = ['a', 'b', 'c'].map((name) => start(group, name));
    if (!killed || !paused || !third) throw new Error('three were asked for');
    await until('all read', () => [killed, paused, third].every(({ state }) => state === 'consuming'));
    const first = await append(4);
    await until('all at work', () => [killed, paused, third].every(({ did }) => did.length > 0));
    await killed.kill();
    paused.signal('SIGSTOP');
    const done = (): Set<string> => new Set([...killed.did, ...paused.did, ...third.did]);
    await until('the third did the rest', () => first.every((at) => done().has(at)));
    const second = await append(2);
    const before = paused.did.length;
    await until('all of the new', () => second.every((at) => third.did.includes(at)));
    expect(paused.did).toHaveLength(before);
    paused.signal('SIGCONT');
    const third4 = await append(2);
    await until(
      'it is back in the group',
      () => third4.some((at) => paused.did.includes(at)) || paused.state === 'consuming',
    );
    await until('all of it', () => third4.every((at) => done().has(at)));
    const reads = await append(1);
    await until('both read', () => [paused, third].every(({ did }) => reads.some((at) => did.includes(at))));
  });

  it('one that has nothing to do sleeps', async () => {
    const member = start(`processes-${randomUUID()}`, 'idle');
    await until('it reads', () => member.state === 'consuming');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = member.sleeps;
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    // A connection whose client looks every millisecond whether there is something to send wakes a thousand times a second, and costs two
    // hundredths of a core; a busy machine makes neither of them more.
    expect((member.sleeps - before) / 10).toBeLessThan(150);
  });
});
