import { eventStoreConformance } from '../conformance/event-store-conformance.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { createPostgresEventStore } from './store.js';

const databases: TestDatabase[] = [];
afterAll(() => Promise.all(databases.map((database) => database.drop())));

eventStoreConformance('postgres', async (mayAppend) => {
  const database = databases[0] ?? (await createTestDatabase());
  databases[0] = database;
  await database.sql`DELETE FROM event_store.events`;
  await database.sql`DELETE FROM event_store.streams`;
  await database.sql`DELETE FROM event_store.checkpoints`;
  const store = createPostgresEventStore(database.sql, mayAppend ? { mayAppend } : {});
  return { store, close: () => store.stop() };
});
