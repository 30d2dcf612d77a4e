import { setTimeout as delay } from 'node:timers/promises';
import { arrayOf } from '@darkroom/event-store';
import { z } from 'zod';
import { getGeneration, isFinal, type Target } from './client.js';
import { type OwnProcess, serviceNames } from './own-process.js';
import { ServiceWorld } from './service-world.js';
import { until } from './until.js';

/**
 * Ten seconds is the longest that a statement waits for a lock. A create may wait so twice, however many wait with it: behind whoever
 * has the connection that looks its key up, and in its own batch. The rest is the machine's, however busy it is.
 */
const answeredWithinMs = 45_000;
/** For most of them. */
const usuallyWithinMs = 25_000;
/** Connections of intake's pool. */
const poolSize = 20;
const clients = 60;

const answered = z.object({ data: z.object({ id: z.string() }).optional() });

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly ms: number;
  readonly id: string | undefined;
}

let world: ServiceWorld;
let processes: OwnProcess[];
let target: Target;
beforeAll(async () => {
  world = await ServiceWorld.create();
  const intake = await world.start('intake');
  processes = [intake];
  for (const name of serviceNames)
    if (name !== 'intake') processes.push(await world.start(name, { PUBLIC_URL: intake.url }));
  target = world.target(intake);
});
afterAll(async () => {
  await world.dispose();
});

async function call(path: string, key?: string): Promise<Answer> {
  const began = performance.now();
  const authorization = `Bearer ${target.demo_key}`;
  // Without an answer in time it throws, and so does a connection that ended.
  const signal = AbortSignal.timeout(answeredWithinMs);
  const answer = await fetch(
    `${target.intake}${path}`,
    key === undefined
      ? { headers: { authorization }, signal }
      : {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify({ prompt: key, size: '128x128' }),
          signal,
        },
  );
  const { data } = answered.parse(await answer.json());
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    ms: performance.now() - began,
    id: data?.id,
  };
}
const post = (key: string): Promise<Answer> => call('/v1/generations', key);

/** Clients that each go on posting, and repeat what was not taken, until they are told to end. */
class Load {
  readonly answers: Answer[] = [];
  /** What was acknowledged, by key. */
  readonly taken = new Map<string, string>();
  readonly open = new Set<string>();
  private readonly ended = new AbortController();
  private readonly running: Promise<unknown>;

  constructor(label: string) {
    this.running = Promise.all(Array.from({ length: clients }, (_, n) => this.client(`${label}-${n}`)));
    this.running.catch(() => this.ended.abort());
  }

  private async client(label: string): Promise<void> {
    for (let n = 0; !this.ended.signal.aborted; n += 1) {
      const key = `${label}-${n}`;
      this.open.add(key);
      while (this.open.has(key) && !this.ended.signal.aborted) await this.ask(key);
      await delay(500);
    }
  }

  private async ask(key: string): Promise<void> {
    const answer = await post(key);
    this.answers.push(answer);
    if (answer.status !== 202) {
      await delay(100);
      return;
    }
    this.taken.set(key, answer.id ?? '');
    this.open.delete(key);
  }

  /** So many answers of this status after those that were there by now. */
  async more(status: number, count: number): Promise<void> {
    const from = this.answers.length;
    await until(
      `${count} answers ${status}`,
      answeredWithinMs / 1_000,
      async () =>
        this.answers.slice(from).filter((answer) => answer.status === status).length >= count
          ? true
          : undefined,
      () => `seen: ${[...new Set(this.answers.slice(from).map((answer) => answer.status))].join(' ')}`,
    );
  }

  /** Ends it and asks once more for what was never taken. */
  async end(): Promise<void> {
    this.ended.abort();
    await this.running;
    for (const key of this.open)
      await until(key, 10, async () => {
        await this.ask(key);
        return this.taken.has(key) ? true : undefined;
      });
  }
}

/** Each answer is a 202 that holds or a 503 that says when to come back; every process runs, and each picture is made. */
async function judge(load: Load): Promise<void> {
  const odd = load.answers.filter(
    ({ status, retryAfter, ms }) =>
      !(status === 202 || (status === 503 && Number(retryAfter) > 0)) || ms > answeredWithinMs,
  );
  expect(odd).toEqual([]);
  const refusals = load.answers.filter(({ status }) => status === 503).map(({ ms }) => ms);
  expect(refusals.toSorted((a, b) => a - b)[Math.floor(refusals.length / 2)]).toBeLessThan(usuallyWithinMs);
  for (const service of processes)
    expect([service.service, service.isRunning]).toEqual([service.service, true]);
  await until('ready again', 10, async () =>
    (await call('/health/ready')).status === 200 ? true : undefined,
  );
  const rows = await world.database.superuser<{ key: string; n: number }[]>`
    select idempotency_key as key, count(*)::int as n from event_store.streams
    where idempotency_key = any(${arrayOf([...load.taken.keys()])}::text[]) group by 1 having count(*) = 1`;
  expect(rows).toHaveLength(load.taken.size);
  for (const id of load.taken.values()) {
    const status = await until(`the end of ${id}`, 60, async () => {
      const seen = await getGeneration(target, id);
      return isFinal(seen) ? seen.status : undefined;
    });
    expect([id, status]).toEqual([id, 'succeeded']);
  }
}

it('a Postgres that takes no more connections: 202 or 503 with Retry-After, no process ends, and all goes on by itself', async () => {
  const load = new Load('full');
  await load.more(202, 10);
  const [row] = await world.database.superuser<{ name: string }[]>`select current_database() as name`;
  await world.database.superuser.unsafe(`alter database ${row?.name} connection limit 0`);
  await world.database.superuser`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename <> current_user`;
  await load.more(503, clients);
  expect((await call('/health/ready')).status).toBe(503);
  expect((await call('/health/live')).status).toBe(200);

  await world.database.superuser.unsafe(`alter database ${row?.name} connection limit -1`);
  await load.more(202, 10);
  await load.end();
  await judge(load);
}, 480_000);

it("every connection of intake's pool held: whoever waits is told 503 within a bound, no process ends, and all goes on by itself", async () => {
  const load = new Load('held');
  await load.more(202, 10);
  const [one = ''] = load.taken.values();
  const reads: Promise<Answer>[] = [];
  await world.database.superuser.begin(async (tx) => {
    await tx`set local idle_in_transaction_session_timeout = 0`;
    // What each of them waits for: creates, and reads of what was created.
    await tx`lock table event_store.streams in access exclusive mode`;
    await until('the pool drained', 10, async () => {
      reads.push(call(`/v1/generations/${one}`));
      // Not in the transaction, which would go on seeing what it saw first.
      const [row] = await world.database.superuser<{ n: number }[]>`
        select count(*)::int as n from pg_stat_activity
        where datname = current_database() and application_name = 'intake' and wait_event_type = 'Lock'`;
      return (row?.n ?? 0) >= poolSize ? true : undefined;
    });
    expect((await call('/health/live')).status).toBe(200);
    expect((await call('/health/ready')).status).toBe(503);
    // Still held: they are answered because a wait has an end, not because somebody let go.
    await load.more(503, clients);
  });
  await load.more(202, 10);
  await load.end();
  for (const read of reads) {
    const { status, retryAfter, ms } = await read;
    expect(status === 200 || (status === 503 && Number(retryAfter) > 0)).toBe(true);
    expect(ms).toBeLessThan(answeredWithinMs);
  }
  await judge(load);
}, 480_000);
