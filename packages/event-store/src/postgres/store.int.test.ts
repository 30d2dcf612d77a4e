import { randomUUID } from 'node:crypto';
import { eventStoreConformance, type TestRow } from '../conformance/event-store-conformance.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { createPostgresEventStore } from './store.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.superuser`CREATE TABLE public.rows (id uuid PRIMARY KEY, fencing int NOT NULL, moves int NOT NULL DEFAULT 0)`;
  await database.superuser`GRANT ALL ON public.rows TO darkroom_worker`;
});
afterAll(() => database.drop());

async function makeRow(held: number): Promise<TestRow> {
  const id = randomUUID();
  await database.sql`INSERT INTO public.rows (id, fencing) VALUES (${id}, ${held})`;
  return {
    move: (fencing) => ({
      postgres: (tx) =>
        tx`UPDATE public.rows SET moves = moves + 1 WHERE id = ${id} AND fencing = ${fencing}`,
    }),
    async moves() {
      const [row] = await database.sql<{ moves: number }[]>`SELECT moves FROM public.rows WHERE id = ${id}`;
      return row?.moves ?? Number.NaN;
    },
  };
}

eventStoreConformance('postgres', async (mayAppend) => {
  await database.superuser`TRUNCATE event_store.events, event_store.streams, event_store.checkpoints`;
  const store = createPostgresEventStore(database.sql, mayAppend ? { mayAppend } : {});
  return { store, makeRow, close: () => store.stop() };
});
