import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { readLedger, tryCreate } from './client.js';
import { DarkroomProcess } from './darkroom-process.js';
import { endsOf } from './ends-of.js';
import { judgeCharges, judgeEnds } from './judge.js';
import { createSteadily, type Invocation } from './load.js';
import { until } from './until.js';

const darkroom = new DarkroomProcess();
let ballast = '';
afterAll(async () => {
  // What waits for the disk would hold up its end.
  rmSync(ballast, { force: true });
  await darkroom.dispose();
});

/** Takes every byte that a disk has left, down to the last page. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const size of [1 << 20, 1 << 12]) {
      const chunk = Buffer.alloc(size, 1);
      try {
        for (;;) writeSync(file, chunk);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

it("Postgres' disk full under load: every POST is a 202 that holds or a 503 with Retry-After, and all goes on once there is room", async () => {
  const folder = `${darkroom.dataDir}/postgres`;
  const disk = `${darkroom.dataDir}/disk`;
  await darkroom.start();
  await darkroom.stop();
  const ready = await darkroom.start(30, {}, [
    `mkdir ${disk}`,
    `mount -t tmpfs -o size=200m tmpfs ${disk}`,
    `cp -a ${folder}/. ${disk}`,
    `mount --bind ${disk} ${folder}`,
  ]);
  ballast = `/proc/${ready.pid}/root${disk}/ballast`;
  const label = `full-${process.pid}`;
  // createSteadily and tryCreate take nothing but these two answers.
  const load = createSteadily(() => ready, { perSecond: 8, seconds: 20, label });
  const probes: Invocation[] = [];
  const probe = async (): Promise<Invocation> => {
    const key = `${label}-probe-${probes.length}`;
    const prompt = `${label} probe ${probes.length}`;
    const id = await tryCreate(ready, key, { prompt, size: '256x256' });
    const invocation: Invocation = {
      key,
      model: 'sim/standard',
      prompt,
      ...(id === undefined ? {} : { id }),
    };
    probes.push(invocation);
    return invocation;
  };
  for (let taken = 0; taken < 20;) if ((await probe()).id !== undefined) taken += 1;

  fill(ballast);
  // What Postgres had reserved before is used up first, and now and then it finds a little more.
  let refused = 0;
  await until('ten are refused', 40, async () => {
    if ((await probe()).id === undefined) refused += 1;
    return refused === 10 ? true : undefined;
  });
  const live = await fetch(`${ready.intake}/health/live`);
  expect(live.status).toBe(200);

  rmSync(ballast);
  const history = [...(await load), ...probes.filter(({ id }) => id !== undefined)];
  const resources = await endsOf(ready, history, 90);
  const ledger = await readLedger(ready);
  expect([...judgeCharges(history, ledger, true), ...judgeEnds(history, resources, ledger)]).toEqual([]);
  expect(ready.pid).toBe(darkroom.pid);
}, 480_000);
