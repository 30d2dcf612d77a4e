import { setTimeout as delay } from 'node:timers/promises';
import { readLedger } from './client.js';
import { DarkroomProcess } from './darkroom-process.js';
import { endsOf } from './ends-of.js';
import { judgeCharges, judgeEnds } from './judge.js';
import { createSteadily } from './load.js';
import { until } from './until.js';

const darkroom = new DarkroomProcess();
afterAll(async () => {
  await darkroom.dispose();
});

it('Postgres killed three times under load: the process lives, heals by itself, and loses and charges nothing twice', async () => {
  const ready = await darkroom.start();
  const load = createSteadily(() => ready, { perSecond: 8, seconds: 12, label: `postgres-${process.pid}` });
  for (let kill = 0; kill < 3; kill += 1) {
    await delay(3_000);
    const postgres = darkroom.ready?.processes.find(({ name }) => name === 'postgres');
    if (postgres === undefined) throw new Error('no Postgres is named');
    process.kill(postgres.pid, 'SIGKILL');
    await until('another Postgres', 20, async () =>
      darkroom.ready?.processes.some(({ name, pid }) => name === 'postgres' && pid !== postgres.pid)
        ? true
        : undefined,
    );
  }
  const history = (await load).filter(({ id }) => id !== undefined);
  const resources = await endsOf(ready, history, 90);
  const ledger = await readLedger(ready);
  expect([...judgeCharges(history, ledger, true), ...judgeEnds(history, resources, ledger)]).toEqual([]);
  expect(ready.pid).toBe(darkroom.pid);
}, 480_000);
