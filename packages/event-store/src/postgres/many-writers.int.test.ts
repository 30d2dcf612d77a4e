import { sample } from '../conformance/samples.js';
import { type Database, openDatabase } from '../database.js';
import { createPostgresEventStore, type RecordedEvent } from '../index.js';
import { storableAppend } from '../storable.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';

const writers = 32;
const appends = 313;
const eventsOfOne = 10;
const total = writers * appends * eventsOfOne;

let database: TestDatabase;
let pool: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openDatabase(database.url, { max: writers });
});
afterAll(async () => {
  await pool.end({ timeout: 5 });
  await database.drop();
});

/** Appends to any of the streams; every commit comes at a moment of its own. */
async function write(streams: readonly string[], ids: Set<string>): Promise<void> {
  for (let n = 0; n < appends; n += 1) {
    const stream = streams[Math.floor(Math.random() * streams.length)] ?? '';
    const events = Array.from({ length: eventsOfOne }, () => sample.progress());
    const { json } = storableAppend(sample.append({ stream, expected: 'any', events }), undefined);
    await pool.begin(async (tx) => {
      await tx`SELECT FROM event_store.append(${`[{"i":0,${json}}]`}::text::jsonb)`;
      if (Math.random() < 0.2) await tx`SELECT pg_sleep(${Math.random() * 0.02})`;
    });
    for (const { id } of events) ids.add(id);
  }
}

/** Reads in pages of its own size until nothing is left that was written before the look. */
async function read(limit: number, isWriting: () => boolean): Promise<RecordedEvent[]> {
  const own = openDatabase(database.url, { max: 1 });
  const store = createPostgresEventStore(own);
  const seen: RecordedEvent[] = [];
  for (let cursor = store.origin; ;) {
    const isLast = !isWriting();
    const page = await store.readAll({ after: cursor, limit });
    seen.push(...page.events);
    if (isLast && page.cursor === cursor) break;
    ({ cursor } = page);
  }
  await store.stop();
  await own.end({ timeout: 5 });
  return seen;
}

it('32 writers that commit when they like, 100,000 events: two readers get each once, in the order of its stream', async () => {
  const streams = Array.from({ length: 200 }, () => sample.stream());
  const ids = new Set<string>();
  let isWriting = true;
  const reading = [700, 3_000].map(async (limit) => read(limit, () => isWriting));
  await Promise.all(Array.from({ length: writers }, async () => write(streams, ids)));
  isWriting = false;
  for (const seen of await Promise.all(reading)) {
    expect(seen.length).toBe(total);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(total);
    expect(seen.every(({ id }) => ids.has(id))).toBe(true);
    const last = new Map<string, number>();
    for (const { stream, version } of seen) {
      if (version !== (last.get(stream) ?? 0) + 1)
        throw new Error(`${stream}: version ${version} behind ${last.get(stream) ?? 0}`);
      last.set(stream, version);
    }
  }
}, 600_000);
