import { randomUUID } from 'node:crypto';
import { createPostgresEventStore } from '../postgres/store.js';
import { createTestDatabase } from '../testing/test-database.js';
import { assertLogInPlace } from './restored-log.js';

it('a log that others append to at that moment is no restored one', async () => {
  const database = await createTestDatabase();
  const store = createPostgresEventStore(database.sql);
  const over = new AbortController();
  const write = async (): Promise<void> => {
    while (!over.signal.aborted)
      await store.append({
        stream: randomUUID(),
        expected: 'none',
        events: [
          {
            id: randomUUID(),
            type: 'ProgressReported',
            data: { run: 1, attempt: 1, percent: 1, vendorStatus: '' },
          },
        ],
        metadata: { tenant: 'acme', actor: 'service:provider-gateway' },
        by: 'provider-gateway',
      });
  };
  const writing = Array.from({ length: 8 }, write);
  try {
    for (let look = 0; look < 1_000; look += 1) await assertLogInPlace(database.sql);
  } finally {
    over.abort();
    await Promise.all(writing);
    await store.stop();
    await database.drop();
  }
});
