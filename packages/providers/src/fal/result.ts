import type { JobState } from '../provider-adapter.js';
import { type Usable, usableOutputs } from '../usable-outputs.js';
import { vendorLink, vendorMediaType, vendorText } from '../vendor-text.js';
import { imageSchema, logSchema, type QueueStatus, resultSchema } from './schemas.js';

/** How a request that has not ended stands. A word that we do not know means that it goes on. */
export function openState({ status, queue_position, logs }: QueueStatus): JobState {
  const word = status.toUpperCase();
  return {
    kind: 'open',
    stage: word === 'IN_QUEUE' ? 'queued' : 'running',
    percent: percentOf(logs ?? []),
    queuePosition: queue_position ?? null,
    vendorStatus: vendorText(status, 60),
    statusKnown: word === 'IN_QUEUE' || word === 'IN_PROGRESS',
  };
}

/** The bar that the apps log (tqdm); the last one counts. */
function percentOf(logs: readonly unknown[]): number | null {
  const shown = logs
    .slice(-20)
    .flatMap((log) => /(\d{1,3})%\|/.exec(logSchema.safeParse(log).data?.message ?? '')?.[1] ?? [])
    .at(-1);
  return shown === undefined ? null : Math.min(Number(shown), 100);
}

/** What a model answered. A picture that was flagged is delivered black, with a 200: it is none. Undefined: it cannot be read. */
export function stateOfResult(value: unknown): JobState | undefined {
  const result = resultSchema.safeParse(value);
  if (!result.success) return undefined;
  const entries = result.data.images;
  const flagged = result.data.has_nsfw_concepts ?? [];
  if (entries.length > 0 && entries.every((_, nth) => flagged[nth] === true)) {
    return {
      kind: 'failed',
      end: 'ATTEMPT_END_MODERATED',
      failureClass: 'FAILURE_CLASS_CONTENT_REJECTED',
      vendorCode: 'has_nsfw_concepts',
      vendorMessage: 'every picture was flagged',
    };
  }
  const read = (entry: unknown, nth: number): Usable | undefined =>
    flagged[nth] === true ? undefined : readImage(entry);
  return { kind: 'produced', ...usableOutputs(entries, read) };
}

function readImage(entry: unknown): Usable | undefined {
  const image = imageSchema.safeParse(entry);
  const url = image.success ? vendorLink(image.data.url) : undefined;
  if (!image.success || url === undefined) return undefined;
  const { content_type, file_size } = image.data;
  return {
    source: { kind: 'link', url },
    bytes: file_size ?? 0,
    mediaType: vendorMediaType(content_type),
  };
}
