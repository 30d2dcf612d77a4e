import { busMigrations } from '@darkroom/event-bus';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { createLogger } from '@darkroom/platform';
import { providerGatewayMigrations } from '../migrations.js';
import { type DurationHistory, durationHistory } from './duration-history.js';

const logger = createLogger({ service: 'test', level: 'silent' });
let database: TestDatabase;
let histories: DurationHistory[];

beforeAll(async () => {
  database = await createTestDatabase({ migrations: [busMigrations, ...providerGatewayMigrations] });
  histories = [1, 2].map(() => durationHistory(database.sql, logger));
});
afterAll(async () => {
  for (const history of histories) await history.stop();
  await database.drop();
});
const of = (which: number): DurationHistory => {
  const history = histories[which];
  if (history === undefined) throw new Error('there are two');
  return history;
};

it('is one for all gateways, and each model’s own', async () => {
  for (let nth = 0; nth < 15; nth += 1) {
    of(0).note('sim/standard', 1_000);
    of(1).note('sim/standard', 3_000);
  }
  await of(0).exchange();
  expect(of(0).usual('sim/standard')).toBeUndefined();
  await of(1).exchange();
  await of(0).exchange();
  const usual = of(0).usual('sim/standard');
  expect(usual?.p50Ms).toBeGreaterThan(900);
  expect(usual?.p50Ms).toBeLessThan(1_100);
  expect(usual?.p95Ms).toBeGreaterThan(2_700);
  expect(of(0).usual('sim/keyed')).toBeUndefined();
});

it('follows a model that becomes slower', async () => {
  for (let nth = 0; nth < 3_000; nth += 1) of(0).note('sim/blind', 1_000);
  await of(0).exchange();
  for (let round = 0; round < 4; round += 1) {
    for (let nth = 0; nth < 700; nth += 1) of(0).note('sim/blind', 9_000);
    await of(0).exchange();
  }
  expect(of(0).usual('sim/blind')?.p50Ms).toBeGreaterThan(8_000);
});
