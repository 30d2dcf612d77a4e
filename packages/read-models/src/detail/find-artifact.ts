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
  const reached = (await ports.store.checkpoints.read(detailSubscription)) ?? ports.store.origin;
  const place = await locate(ports.sql, query.id, reached);
  // Without a caller's tenant the link itself was the proof; even so no other tenant's rows are read.
  const tenant = query.tenant ?? place?.tenant;
  if (tenant === undefined) return undefined;
  // Asked for a missing image as well, under an id that no generation has: one more question would tell a foreign one from it.
  const generation = await getGeneration(ports, { id: place?.generation ?? query.id, tenant });
  const found =
    generation && storedArtifacts(generation.state).find(({ artifact }) => artifact.id === query.id);
  return generation && found && { generation, ...found };
}

/** How far the log is searched: guessed ids must not make a long lag expensive. */
const mostLooked = 5_000;

async function locate(
  sql: postgres.Sql,
  artifact: string,
  reached: Cursor,
): Promise<{ readonly generation: string; readonly tenant: string } | undefined> {
  const { tx, position } = positionOf(reached);
  const [row] = await sql<{ generation: string; tenant: string }[]>`
    select generation, tenant from read_models.locate_artifact(
      ${artifact}::uuid, ${String(tx)}::xid8, ${String(position)}::bigint, ${mostLooked}::integer)`;
  return row;
}
