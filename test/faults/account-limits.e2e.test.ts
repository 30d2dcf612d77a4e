import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { createOnce, type LedgerLine, readLedger, setFaults, type Target } from './client.js';
import type { OwnProcess } from './own-process.js';
import { excessOver, orderOf } from './provider-account.js';
import { ServiceWorld } from './service-world.js';
import { until } from './until.js';

/** An operator's order is in force by then, whatever the gateways are at. */
const inForceMs = 5_000;
const picture = 40_000;

let world: ServiceWorld;
let target: Target;
let controlPlane: OwnProcess;
let gateways: OwnProcess[];
let asked = 0;

beforeAll(async () => {
  world = await ServiceWorld.create();
  const intake = await world.start('intake');
  controlPlane = await world.start('control-plane');
  gateways = await Promise.all([1, 2, 3].map(() => world.start('provider-gateway')));
  target = world.target(intake);
});
afterAll(() => world.dispose());

/** So many more pictures are wanted, on a vendor whose jobs take 0.2 s to 0.5 s. */
const ask = async (count: number): Promise<void> => {
  for (let nth = 0; nth < count; nth += 1) {
    asked += 1;
    const created = await createOnce(target, `picture-${asked}`, { prompt: 'a boat', model: 'sim/standard' });
    expect(created.kind).toBe('accepted');
  }
};
const order = (id: string, change: object): Promise<void> => orderOf(controlPlane, id, change);
const accepted = async (): Promise<LedgerLine[]> =>
  (await readLedger(target)).filter((line) => line.accepted);
const refused = async (): Promise<LedgerLine[]> =>
  (await readLedger(target)).filter((line) => !line.accepted && !line.replay);
const whenAccepted = (count: number, seconds: number): Promise<true> =>
  until(`${count} accepted`, seconds, async () => ((await accepted()).length >= count ? true : undefined));

it('holds three gateways to the limits of their account while one after the other is killed', async () => {
  const [perSecond, burst, concurrent] = [5, 5, 4];
  // The vendor holds us to the same number of jobs at once, and refuses what is more.
  await setFaults(target, { job: { seconds: [0.2, 0.5] }, limit: { concurrent } });
  await order('sim', { limits: { concurrent, submits_per_second: perSecond, burst } });
  await pause(inForceMs);
  await ask(100);
  for (let kill = 0; kill < 6; kill += 1) {
    // Spread over all of it: none falls on gateways that have nothing left to do.
    await whenAccepted(Math.ceil((asked * (kill + 1)) / 8), 60);
    const [dying] = gateways.splice(0, 1);
    await dying?.kill();
    gateways.push(await world.start('provider-gateway'));
  }
  await whenAccepted(asked, 90);
  expect(await refused()).toEqual([]);
  const ledger = await accepted();
  expect(ledger).toHaveLength(asked);
  // The ledger's clock counts milliseconds.
  expect(excessOver(ledger, perSecond, burst)).toBeLessThan(0.01);
}, 480_000);

it('takes fewer jobs at once, and none at all, within five seconds of the order', async () => {
  await ask(150);
  await order('sim', { limits: { concurrent: 1, submits_per_second: null } });
  await pause(inForceMs);
  await setFaults(target, { job: { seconds: [0.2, 0.5] }, limit: { concurrent: 1 } });
  const taken = (await accepted()).length;
  await pause(4_000);
  expect(await refused()).toEqual([]);
  await whenAccepted(taken + 2, 30);

  await order('*', { submits: 'pause' });
  await pause(inForceMs);
  const before = (await readLedger(target)).length;
  await pause(3_000);
  expect((await readLedger(target)).length).toBe(before);
  expect(before).toBeLessThan(asked);

  await setFaults(target, { job: { seconds: [0.2, 0.5] } });
  await order('sim', { limits: { concurrent: 20 } });
  await order('*', { submits: 'resume' });
  await whenAccepted(asked, 90);
}, 480_000);

it('spends no more a day than an operator says', async () => {
  const spent = (await accepted()).reduce((sum, line) => sum + line.charged_micros, 0);
  const most = spent + 7 * picture;
  await order('sim', { limits: { spend_per_day_micros: most } });
  await pause(inForceMs);
  const before = asked;
  await ask(20);
  await whenAccepted(before + 7, 30);
  await pause(5_000);
  expect((await accepted()).reduce((sum, line) => sum + line.charged_micros, 0)).toBe(most);
  await order('sim', { limits: { spend_per_day_micros: null } });
  await whenAccepted(asked, 60);
}, 480_000);
