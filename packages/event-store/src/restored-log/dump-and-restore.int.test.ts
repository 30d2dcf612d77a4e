import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedPostgres } from '@darkroom/embedded-postgres';
import { sample } from '../conformance/samples.js';
import { until } from '../conformance/until.js';
import {
  adoptRestoredLog,
  assertLogInPlace,
  type Cursor,
  createPostgresEventStore,
  type Database,
  type EventStore,
  eventStoreMigrations,
  migrate,
  openDatabase,
  type RecordedEvent,
} from '../index.js';
import { dump, restore, startDebianPostgres } from '../testing/debian-postgres.js';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-dump-'));
const file = join(folder, 'darkroom.dump');
const clusters: EmbeddedPostgres[] = [];
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  for (const cluster of clusters.splice(0)) await cluster.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Opened {
  readonly cluster: EmbeddedPostgres;
  readonly owner: Database;
  readonly store: EventStore;
}

const superuserOf = ({ superuserUrl }: EmbeddedPostgres): string =>
  Object.assign(new URL(superuserUrl), { pathname: '/darkroom' }).href;

async function open(prepare: (cluster: EmbeddedPostgres, owner: Database) => Promise<void>): Promise<Opened> {
  const cluster = await startDebianPostgres();
  clusters.push(cluster);
  const owner = openDatabase(cluster.ownerUrl, { max: 1 });
  closing.push(() => owner.end({ timeout: 5 }));
  await prepare(cluster, owner);
  const sql = openDatabase(cluster.url);
  const store = createPostgresEventStore(sql);
  closing.push(async () => {
    await store.stop();
    await sql.end({ timeout: 5 });
  });
  return { cluster, owner, store };
}

const openFirst = (): Promise<Opened> => open((_, owner) => migrate(owner, [eventStoreMigrations]));

/** A cluster that has run fewer transactions than the one that was dumped. */
const openRestored = (): Promise<Opened> => open((cluster) => restore(superuserOf(cluster), file));

async function readFrom(store: EventStore, after: Cursor): Promise<RecordedEvent[]> {
  const seen: RecordedEvent[] = [];
  for (let cursor = after; ;) {
    const page = await store.readAll({ after: cursor, limit: 500 });
    if (page.cursor === cursor) return seen;
    seen.push(...page.events);
    ({ cursor } = page);
  }
}

/** So many transactions, that the next cluster's own numbers lie below. */
async function grow({ store }: Opened, events: number): Promise<void> {
  for (let n = 0; n < events; n += 1) await store.append(sample.append());
}

/** Reads on from its checkpoint until nothing comes any more. */
async function follow(store: EventStore, subscription: string, expected: number): Promise<string[]> {
  const ids: string[] = [];
  const following = store.subscribe({
    subscription,
    holder: 'a',
    pollMs: 20,
    handle: async (page) => void ids.push(...page.map(({ id }) => id)),
  });
  await until(() => ids.length >= expected);
  await following.stop();
  return ids;
}

it('a dump in a fresh cluster: refused until it is adopted, then whole, in its order, its checkpoints and cursors valid', async () => {
  const first = await openFirst();
  await grow(first, 2_000);
  const half = await first.store.head();
  expect(await follow(first.store, 's', 2_000)).toHaveLength(2_000);
  await grow(first, 500);
  const before = await readFrom(first.store, first.store.origin);
  await dump(superuserOf(first.cluster), file, '--format=custom');

  const second = await openRestored();
  // Its last events are above what this cluster would show, and new ones would stand before them.
  expect((await readFrom(second.store, second.store.origin)).length).toBeLessThan(2_500);
  await expect(assertLogInPlace(second.owner)).rejects.toMatchObject({ code: 'restored_from_dump' });
  expect(await adoptRestoredLog(second.owner)).toEqual({
    outcome: 'adopted',
    events: 2_500n,
    checkpoints: 1,
  });
  await assertLogInPlace(second.owner);

  expect(await readFrom(second.store, second.store.origin)).toEqual(before);
  expect(await second.store.head()).toBe(before.at(-1)?.cursor);
  // A cursor that was given out before goes on where it was.
  expect(await readFrom(second.store, half)).toEqual(before.slice(2_000));
  const fresh = sample.append();
  expect(await second.store.append(fresh)).toEqual({ outcome: 'appended', version: 1 });
  const [old] = before;
  const next = sample.append({ stream: old?.stream ?? '', expected: 1 });
  expect(await second.store.append(next)).toEqual({ outcome: 'appended', version: 2 });
  const added = [fresh, next].flatMap(({ events }) => events.map(({ id }) => id));
  expect((await readFrom(second.store, before.at(-1)?.cursor ?? half)).map(({ id }) => id)).toEqual(added);
  expect(await follow(second.store, 's', 502)).toEqual([
    ...before.slice(2_000).map(({ id }) => id),
    ...added,
  ]);
  expect(await adoptRestoredLog(second.owner)).toEqual({ outcome: 'in-place' });

  // Dumped again, after its adoption, into a third.
  const after = await readFrom(second.store, second.store.origin);
  await dump(superuserOf(second.cluster), file, '--format=custom');
  const third = await openRestored();
  await expect(assertLogInPlace(third.owner)).rejects.toMatchObject({ code: 'restored_from_dump' });
  await adoptRestoredLog(third.owner);
  await third.store.append(sample.append());
  const last = await readFrom(third.store, third.store.origin);
  expect(last.slice(0, -1)).toEqual(after);
  expect(last).toHaveLength(after.length + 1);
});

it('an empty log is in its place, and so is one whose cluster is ahead of the dump', async () => {
  const first = await openFirst();
  await assertLogInPlace(first.owner);
  expect(await adoptRestoredLog(first.owner)).toEqual({ outcome: 'in-place' });
  await first.store.append(sample.append());
  await assertLogInPlace(first.owner);
  expect(await adoptRestoredLog(first.owner)).toEqual({ outcome: 'in-place' });
});
