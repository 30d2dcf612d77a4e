import { randomUUID } from 'node:crypto';
import { eventStoreMigrations, databaseRoles } from '../migrations/index.js';
import { createTestDatabase, innerPlans, stepsOf } from '../testing/index.js';

const batch = (count: number): string =>
  JSON.stringify(
    Array.from({ length: count }, (_, i) => ({
      i,
      tenant: 'acme',
      key: randomUUID(),
      fingerprint: 'f',
      stream: randomUUID(),
      metadata: { tenant: 'acme', actor: 'client:test' },
      event: { id: randomUUID(), type: 'GenerationRequested', schemaVersion: 1, data: {}, personal: null },
    })),
  );

it('a batch of creates probes the index of keys, on a connection that began when the table was empty too', async () => {
  const database = await createTestDatabase({ migrations: [eventStoreMigrations] });
  try {
    const plans = await innerPlans(database, databaseRoles.api, async (session) => {
      const create = async (count: number): Promise<unknown> =>
        session`SELECT outcome FROM event_store.create_streams(${batch(count)}::text::jsonb)`;
      // More often than a plan is made anew before it may be kept.
      for (let n = 0; n < 8; n += 1) await create(2);
      for (let n = 0; n < 40; n += 1) await create(256);
      await create(64);
    });
    const last = plans.findLast(({ statement }) => statement.includes('known AS MATERIALIZED'));
    const scans = stepsOf(last?.plan ?? missing()).filter(({ relation }) => relation === 'streams');
    expect(scans.map(({ type, index }) => [type, index])).toContainEqual(['Index Scan', 'streams_by_key']);
    expect(scans.map(({ type }) => type)).not.toContain('Seq Scan');
  } finally {
    await database.drop();
  }
});

function missing(): never {
  throw new Error('no plan was told');
}
