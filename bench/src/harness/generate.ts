import { randomBytes } from 'node:crypto';
import { encodeEvent, type EventType } from '@darkroom/contract';
import { arrayOf, type Database, cursorOf } from '@darkroom/event-store';
import { copyRows, sampleEvent } from '@darkroom/read-models/testing';

/** What is generated: so many generations, of so many tenants, all of the same history. */
export interface Size {
  readonly generations: number;
  readonly tenants: number;
}

const history = [
  'GenerationRequested',
  'SubmissionStarted',
  'SubmissionAccepted',
  'ProgressReported',
  'OutputsProduced',
  'ArtifactStored',
  'GenerationCompleted',
] as const;

/** Events of one generated generation. */
export const eventsEach = history.length;

const firstAt = Date.parse('2026-01-01T00:00:00Z');
const generationsAtOnce = 2_000;

/** Ids as the product makes them: ordered by time. */
function uuid(at: number): string {
  const hex = at.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const tenantOf = (n: number, { tenants }: Size): string => `tenant-${n % tenants}`;

type Slice = readonly { readonly id: string; readonly n: number; readonly at: number }[];

function* slices(size: Size): Generator<Slice> {
  for (let start = 0; start < size.generations; start += generationsAtOnce)
    yield Array.from({ length: Math.min(generationsAtOnce, size.generations - start) }, (_, k) => {
      const n = start + k;
      const at = firstAt + n * 10;
      return { id: uuid(at), n, at };
    });
}

const copyStreams = (superuser: Database, size: Size, slice: Slice): Promise<void> =>
  copyRows(
    superuser,
    'event_store.streams',
    ['id', 'version', 'tenant', 'idempotency_key', 'created_at'],
    slice.map(({ id, n, at }) => [id, eventsEach, tenantOf(n, size), `key ${n}`, new Date(at)]),
  );

/** Writes a log by COPY, past the functions that services append by: as a superuser, into an empty store. */
export async function generateLog(superuser: Database, size: Size): Promise<void> {
  const parts = history.map((type) => {
    const { data } = sampleEvent(type);
    const split = encodeEvent<EventType>(type, data);
    return {
      type,
      schemaVersion: split.schemaVersion,
      data: JSON.stringify(split.data),
      personal: split.personal,
    };
  });
  let position = 0;
  for (const slice of slices(size)) {
    await copyStreams(superuser, size, slice);
    const events = slice.flatMap(({ id, n, at }) =>
      parts.map(({ type, schemaVersion, data, personal }, index) => {
        position += 1;
        const own = data.replace(/"artifactId":"[^"]*"/, `"artifactId":"${uuid(at)}"`);
        const metadata = { tenant: tenantOf(n, size), actor: 'service:bench' };
        return [
          position,
          '3',
          id,
          index + 1,
          type,
          schemaVersion,
          uuid(at + index),
          { toJSON: () => JSON.parse(own) as object },
          metadata,
          personal,
          new Date(at + index),
        ];
      }),
    );
    await copyRows(
      superuser,
      'event_store.events',
      [
        'position',
        'tx',
        'stream',
        'version',
        'type',
        'schema_version',
        'id',
        'data',
        'metadata',
        'personal',
        'recorded_at',
      ],
      events,
    );
  }
  await superuser`SELECT setval(pg_get_serial_sequence('event_store.events', 'position'), ${position + 1})`;
  await superuser`ANALYZE event_store.streams, event_store.events`;
}

const statuses = [
  'queued',
  'processing',
  'verifying',
  'succeeded',
  'succeeded',
  'succeeded',
  'failed',
  'canceled',
];
const models = ['sim/standard', 'sim/keyed', 'sim/inline'];
/** The first half of a cursor: all rows of the feed are of one transaction. */
const oneTransaction = cursorOf({ tx: 3n, position: 0n }).slice(0, 16);

/**
 * Fills read models, with the streams that their rows belong to: as large as one wants them, with a folded state that nobody
 * folded. The rows are made in the server, past the functions that services write by: as a superuser, into an empty database.
 */
export async function generateModels(
  superuser: Database,
  size: Size & { /** Of each folded state. */ readonly stateBytes: number },
): Promise<void> {
  const state = { phase: 'succeeded', filler: 'x'.repeat(size.stateBytes) };
  await superuser.begin(async (tx) => {
    await tx`
      CREATE TEMPORARY TABLE generated ON COMMIT DROP AS
      SELECT n, 'tenant-' || n % ${size.tenants}::int AS tenant, to_timestamp((${firstAt}::bigint + n * 10) / 1000.0) AS at,
        (lpad(to_hex(${firstAt}::bigint + n * 10), 12, '0') || '7' || substr(random, 1, 3) || '8' || substr(random, 4, 15))::uuid AS id
      FROM (SELECT n, md5(n || ' ' || random()) AS random FROM generate_series(0, ${size.generations}::int - 1) AS n) AS numbers`;
    await tx`
      INSERT INTO event_store.streams (id, version, tenant, idempotency_key, created_at)
      SELECT id, ${eventsEach}::int, tenant, 'key ' || n, at FROM generated ORDER BY n`;
    await tx`
      INSERT INTO read_models.detail_v1 (id, tenant, version, run, created_at, status, model, open_questions, paid_orphans,
        state, prompt, metadata, erased)
      SELECT id, tenant, ${eventsEach}::int, 1, at, (${arrayOf(statuses)}::text[])[1 + n % ${statuses.length}::int],
        (${arrayOf(models)}::text[])[1 + n % ${models.length}::int], 0, 0, ${tx.json(state)}::jsonb, 'a red bicycle in the rain', '{}', false
      FROM generated ORDER BY n`;
    await tx`
      INSERT INTO read_models.feed_v1 (tenant, cursor, event, generation, version, type, data, recorded_at)
      SELECT tenant, ${oneTransaction} || lpad(to_hex(n + 1), 16, '0'), gen_random_uuid(), id, 1, 'GenerationRequested',
        '{"model": "sim/standard"}', at
      FROM generated ORDER BY n`;
  });
  await superuser`VACUUM ANALYZE event_store.streams, read_models.detail_v1, read_models.feed_v1`;
}
