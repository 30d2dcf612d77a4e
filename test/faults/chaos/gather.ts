import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { readTopic } from '@darkroom/event-bus/testing';
import {
  createPostgresEventStore,
  origin,
  type Database,
  openDatabase,
  type RecordedEvent,
} from '@darkroom/event-store';
import { createLogger, type ObjectStore, openObjectStore, toPublicId } from '@darkroom/platform';
import { detailColumns, parseDetailRow } from '@darkroom/read-models/testing';
import { z } from 'zod';
import { readLedger, type Resource, type Target } from '../client.js';
import type { ChaosWorld } from './chaos-world.js';
import type { Clients } from './clients.js';
import type { Bytes, CountRow, Evidence, FeedRow, VendorJob } from './evidence.js';
import { foldAll } from './judge-run.js';

const vendorJob = z.object({ status: z.string() });
const bookedJob = z.object({ sha256s: z.array(z.string()) });
const atOnce = 16;

/** Reads the whole log. */
async function wholeLog(sql: Database): Promise<RecordedEvent[]> {
  const store = createPostgresEventStore(sql);
  const events: RecordedEvent[] = [];
  let after = origin;
  for (;;) {
    const page = await store.readAll({ limit: 1_000, after });
    after = page.cursor;
    if (page.events.length === 0) break;
    events.push(...page.events);
  }
  await store.stop();
  return events;
}

/** Looks everywhere, when nothing moves any more. */
export async function gather(
  world: ChaosWorld,
  clients: Clients,
  resources: ReadonlyMap<string, Resource>,
): Promise<Evidence> {
  const sql = openDatabase(world.postgres.url, { role: 'darkroom_worker', max: 4 });
  const objects = await openObjectStore(world.objects, createLogger({ service: 'checker', level: 'silent' }));
  try {
    const events = await wholeLog(sql);
    const artifacts = [...foldAll(events).values()].flatMap(({ state }) =>
      (state?.outputs ?? []).flatMap(({ artifact }) => artifact ?? []),
    );
    const ledger = await readLedger(world.target);
    const jobs = ledger.flatMap(({ job_id, accepted }) => (accepted && job_id !== null ? [job_id] : []));
    return {
      requests: clients.requests,
      regresses: clients.regresses,
      notFound: clients.notFound,
      resources,
      events,
      topic:
        world.kafkaBrokers === undefined
          ? undefined
          : [
              ...(await readTopic(world.kafkaBrokers, 'generation.events')),
              ...(await readTopic(world.kafkaBrokers, 'provider.events')),
            ],
      details: await detailsOf(sql),
      feed: await feedOf(sql),
      counts: await countsOf(sql),
      imageRows: await imageRowsOf(sql),
      objects: await each(
        artifacts,
        ({ storageKey }) => storageKey,
        ({ storageKey }) => storedAt(objects, storageKey),
      ),
      served: await each(
        artifacts,
        ({ id }) => id,
        ({ id }) => servedAt(world.target, id),
      ),
      ledger,
      vendorJobs: await each(
        jobs,
        (id) => id,
        (id) => jobOf(world.target, id),
      ),
      pictures: await each(
        jobs,
        (id) => id,
        (id) => picturesOf(world.target, id),
      ),
    };
  } finally {
    objects.stop?.();
    await sql.end({ timeout: 5 });
  }
}

/** Asks for each, a few at a time. */
async function each<T, Answer>(
  asked: readonly T[],
  key: (one: T) => string,
  ask: (one: T) => Promise<Answer>,
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  const left = [...asked];
  const worker = async (): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) answers.set(key(one), await ask(one));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answers;
}

async function detailsOf(sql: Database): Promise<Evidence['details']> {
  const rows = await sql`select ${detailColumns(sql)} from read_models.detail_v1 d`;
  return new Map(rows.map(parseDetailRow).map((detail) => [detail.id, detail]));
}

const feedOf = async (sql: Database): Promise<FeedRow[]> => sql<FeedRow[]>`
  select tenant, cursor, event, generation, version, type from read_models.feed_v1 order by cursor collate "C"`;

const countsOf = async (sql: Database): Promise<CountRow[]> => sql<CountRow[]>`
  select tenant, status, n::int from read_models.counts_v1 where n <> 0`;

async function imageRowsOf(sql: Database): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; generation: string }[]>`
    select id, generation from read_models.artifact_v1`;
  return new Map(rows.map(({ id, generation }) => [id, generation]));
}

async function hashOf(body: Readable | Buffer): Promise<Bytes> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of Buffer.isBuffer(body) ? [body] : (body as AsyncIterable<Buffer>)) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function storedAt(objects: ObjectStore, key: string): Promise<Bytes | null> {
  const body = await objects.get(key);
  return body === null ? null : hashOf(body);
}

/** As a client gets it: by whatever address the API leads to. */
async function servedAt({ intake, demo_key }: Target, id: string): Promise<Bytes | null> {
  const response = await fetch(`${intake}/v1/artifacts/${toPublicId('art', id)}/content`, {
    headers: { authorization: `Bearer ${demo_key}` },
  });
  const body = Buffer.from(await response.arrayBuffer());
  return response.ok ? hashOf(body) : null;
}

async function jobOf({ simulator }: Target, id: string): Promise<VendorJob | undefined> {
  const response = await fetch(`${simulator}/v1/jobs/${id}`, {
    headers: { authorization: 'Bearer simulator' },
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`job ${id}: ${response.status}`);
  return vendorJob.parse(await response.json());
}

/** From the vendor's books, which hold what it shows to nobody. */
async function picturesOf({ simulator }: Target, id: string): Promise<string[]> {
  const response = await fetch(`${simulator}/admin/jobs/${id}`);
  if (!response.ok) throw new Error(`books of job ${id}: ${response.status}`);
  return bookedJob.parse(await response.json()).sha256s;
}
