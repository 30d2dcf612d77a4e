import { type Cursor, type EventStore, positionOf } from '@darkroom/event-store';
import type { StoredArtifact } from '@darkroom/domain';
import type postgres from 'postgres';
import type { GenerationDetail } from './detail.js';
import { type DetailPorts, getGeneration } from './get-generation.js';
import { detailSubscription } from './project-detail.js';
import { storedArtifacts } from './stored-artifacts.js';

/** What finding an image needs. */
export interface ArtifactPorts extends DetailPorts {
  readonly store: Pick<EventStore, 'readStream' | 'checkpoints' | 'origin'>;
}

/** An image as the fold keeps it, and the generation that it belongs to. */
export interface FoundArtifact {
  readonly generation: GenerationDetail;
  readonly index: number;
  readonly artifact: StoredArtifact;
}

/**
 * An image by its id. Undefined: no such one, or (with `tenant`) not this tenant's. What is newer than the rows is looked for in
 * the log beyond them, so that a link works the moment that a reader was given it.
 */
export async function findArtifact(
  ports: ArtifactPorts,
  query: { readonly id: string; readonly tenant?: string },
): Promise<FoundArtifact | undefined> {
  const { sql, store } = ports;
  const id =
    (await amongTheRows(sql, query.id)) ??
    (await beyondTheRows(
      sql,
      query.id,
      (await store.checkpoints.read(detailSubscription)) ?? store.origin,
    )) ??
    // Its row may have been written, and the checkpoint moved, between the two looks.
    (await amongTheRows(sql, query.id));
  if (id === undefined) return undefined;
  const generation = await getGeneration(ports, {
    id,
    ...(query.tenant === undefined ? {} : { tenant: query.tenant }),
  });
  const found =
    generation && storedArtifacts(generation.state).find(({ artifact }) => artifact.id === query.id);
  return generation && found && { generation, ...found };
}

async function amongTheRows(sql: postgres.Sql, artifact: string): Promise<string | undefined> {
  const [row] = await sql<{ generation: string }[]>`
    select generation from read_models.artifact_v1 where id = ${artifact}`;
  return row?.generation;
}

/** How far the log is searched: guessed ids must not make a long lag expensive. */
const mostLooked = 5_000;

/** What is committed is looked at even where readers of the log still wait for an older transaction. */
async function beyondTheRows(
  sql: postgres.Sql,
  artifact: string,
  reached: Cursor,
): Promise<string | undefined> {
  const { tx, position } = positionOf(reached);
  const [row] = await sql<{ stream: string }[]>`
    select stream from (
      select e.stream, e.type, e.data from event_store.events e
      where (e.tx, e.position) > (${String(tx)}::xid8, ${String(position)}::bigint)
      order by e.tx, e.position limit ${mostLooked}
    ) late
    where type = 'ArtifactStored' and data ->> 'artifactId' = ${artifact} limit 1`;
  return row?.stream;
}
