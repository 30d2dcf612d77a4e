import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningSimulator, startSimulator } from '@darkroom/simulator';
import { simulatedVendor } from './simulated-vendor.js';

const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-vendor-'));
let simulator: RunningSimulator;
beforeEach(async () => {
  simulator = await startSimulator({ host: '127.0.0.1', port: 0, dataDir });
});
afterEach(() => simulator.stop());
afterAll(() => rmSync(dataDir, { recursive: true }));

it('causes each of its troubles, tells which, and puts all right again', async () => {
  const vendor = simulatedVendor(simulator);
  const ids = vendor.troubles.map(({ id }) => id);
  expect(vendor.current()).toBe('none');
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids.toReversed()) {
    vendor.cause(id);
    expect(vendor.current()).toBe(id);
  }
  expect(simulator.hasFaults({})).toBe(true);
});

it('says so where the simulator was told something else, and finds its trouble again after a restart', async () => {
  simulator.setFaults({ submit: { hang: 0.5 } });
  expect(simulatedVendor(simulator).current()).toBeUndefined();
  simulatedVendor(simulator).cause('down');
  await simulator.stop();
  simulator = await startSimulator({ host: '127.0.0.1', port: 0, dataDir });
  expect(simulatedVendor(simulator).current()).toBe('down');
});
