import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sample } from '../conformance/samples.js';
import { until } from '../conformance/until.js';
import { createPostgresEventStore, type EventStore } from '../index.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';

let database: TestDatabase;
let store: EventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  store = createPostgresEventStore(database.sql);
  await database.superuser`CREATE TABLE public.effects (event uuid NOT NULL, by text NOT NULL)`;
  await database.superuser`GRANT ALL ON public.effects TO darkroom_worker`;
});
afterAll(async () => {
  await store.stop();
  await database.drop();
});

/** A holder in a process of its own: it says what page it has, waits a little, and writes its effects with its checkpoint. */
const holder = `
  import { setTimeout as pause } from 'node:timers/promises';
  import { createPostgresEventStore, openDatabase } from '@darkroom/event-store';
  const sql = openDatabase(process.argv[1]);
  createPostgresEventStore(sql).subscribe({
    subscription: 's', holder: 'paused', leaseSeconds: 1, pollMs: 50,
    onError: (error) => console.log('error', error.code),
    handle: async (page, advance) => {
      console.log('has', page.length);
      await pause(300);
      await sql.begin(async (tx) => {
        for (const { id } of page) await tx\`INSERT INTO public.effects VALUES (\${id}, 'paused')\`;
        await advance(tx);
      });
      console.log('done', page.length);
    },
  });
  console.log('runs');`;

it('a holder that was paused past its lease and goes on writes neither its checkpoint nor its effects', async () => {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', holder, database.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
    cwd: import.meta.dirname,
  });
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('no pipe');
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  try {
    await until(() => lines.includes('runs'));
    const requests = [sample.append(), sample.append(), sample.append()];
    const events = requests.flatMap((request) => request.events.map(({ id }) => id));
    await store.appendMany(requests);
    await until(() => lines.some((line) => line.startsWith('has')));
    child.kill('SIGSTOP');

    // The other takes over when the lease has ended, and does the same events.
    const other = store.subscribe({
      subscription: 's',
      holder: 'other',
      leaseSeconds: 1,
      pollMs: 50,
      handle: async (page, advance) => {
        await database.sql.begin(async (tx) => {
          for (const { id } of page) await tx`INSERT INTO public.effects VALUES (${id}, 'other')`;
          await advance(tx);
        });
      },
    });
    const done = async (): Promise<readonly string[]> =>
      (await database.sql<{ event: string }[]>`SELECT event FROM public.effects`).map(({ event }) => event);
    await until(async () => (await done()).length >= 3, 20_000);
    const end = await store.checkpoints.read('s');

    child.kill('SIGCONT');
    await until(() => lines.includes('error fenced'), 10_000);
    expect(lines.filter((line) => line.startsWith('done'))).toEqual([]);
    expect((await done()).toSorted()).toEqual(events.toSorted());
    expect(await store.checkpoints.read('s')).toBe(end);
    await other.stop();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
