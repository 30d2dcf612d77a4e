import type { EventStore } from '@darkroom/event-store';
import { objectFolders, type ObjectStore } from '@darkroom/platform';
import type postgres from 'postgres';
import { type AppendPorts, appendDecided } from './append-decided.js';

/** What erasing needs. */
export interface ErasePorts extends AppendPorts {
  readonly store: AppendPorts['store'] & Pick<EventStore, 'erasePersonal'>;
  readonly sql: postgres.Sql;
  readonly objects: Pick<ObjectStore, 'list' | 'delete'>;
}

export type EraseResult = 'erased' | 'still-open' | 'not-found';

/**
 * Erases prompt and images of a generation that has ended: the event first, so that nobody is shown them any more (projections
 * empty the read model by it), then the bytes, images and staged answers alike, then what intake keeps of the vendor's words, last
 * the log's personal part. This is the whole list; a test looks through every table and object for what should be gone. Each step
 * may be repeated: whoever finds it half done asks again.
 */
export async function eraseContent(
  ports: ErasePorts,
  request: {
    readonly stream: string;
    readonly tenant: string;
    readonly actor: string;
    readonly traceparent: string;
  },
): Promise<EraseResult> {
  const result = await appendDecided(ports, {
    ...request,
    command: { type: 'erase', reason: 'asked for by the client' },
  });
  if (result.outcome === 'no-such-generation') return 'not-found';
  if (result.outcome === 'fenced') throw new Error('erasing moves no row of its own');
  if (result.outcome === 'refused' && result.reason !== 'already_erased') return 'still-open';
  // Not by what the events name: a crash may have left more.
  for (const folder of [objectFolders.artifacts(request.stream), objectFolders.staging(request.stream)])
    for await (const key of ports.objects.list(folder)) await ports.objects.delete(key);
  await ports.sql`update intake.webhook_inbox set body = '' where generation = ${request.stream} and body <> ''`;
  await ports.store.erasePersonal(request.stream, request.tenant);
  return 'erased';
}
