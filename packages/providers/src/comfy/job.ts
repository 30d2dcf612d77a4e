import { savingNode } from '../comfy-workflows/text-to-image.js';
import type { JobState } from '../provider-adapter.js';
import { usableOutputs } from '../usable-outputs.js';
import { vendorLinkOrPath, vendorMediaType, vendorText } from '../vendor-text.js';
import { type ComfyJob, readOutputEntry } from './schemas.js';

const openWords: ReadonlyMap<string, 'queued' | 'running'> = new Map([
  ['queued', 'queued'],
  ['running', 'running'],
  ['canceling', 'running'],
]);

/**
 * A job that its server has no trace of: forgotten, after a restart, or, as the proxy looks into the history before it looks into the
 * queue, one that ended in between. Nothing failed by that.
 */
export const isWithoutTrace = ({ status }: ComfyJob): boolean => status.toLowerCase() === 'expired';

/** How a job stands. Words are read without their case; one that we do not know means that it goes on. */
export function readState(job: ComfyJob): JobState {
  const status = job.status.toLowerCase();
  switch (status) {
    case 'succeeded':
      return produced(job);
    case 'canceled':
      return { kind: 'canceled' };
    case 'failed':
      return {
        kind: 'failed',
        end: 'ATTEMPT_END_VENDOR_FAILED',
        failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
        vendorCode: vendorText(job.error?.code, 100) || 'failed',
        vendorMessage: vendorText(job.error?.message, 500),
      };
    default: {
      const value = job.progress?.value;
      return {
        kind: 'open',
        stage: openWords.get(status) ?? 'running',
        percent: typeof value === 'number' ? Math.round(Math.min(Math.max(value, 0), 1) * 100) : null,
        queuePosition: job.queue_position ?? null,
        vendorStatus: vendorText(job.status, 60),
        statusKnown: openWords.has(status),
      };
    }
  }
}

function produced(job: ComfyJob): JobState {
  const entries = (job.outputs ?? []).map(readOutputEntry);
  const images = entries.filter(
    (entry) =>
      entry === undefined ||
      (entry.type.toLowerCase() === 'image' && (entry.node_id ?? savingNode) === savingNode),
  );
  const outputs = usableOutputs(images, (image) => {
    const url = vendorLinkOrPath(image?.url);
    return image === undefined || url === undefined
      ? undefined
      : {
          source: { kind: 'link', url },
          bytes: image.size_bytes ?? 0,
          mediaType: vendorMediaType(image.content_type),
        };
  });
  return { kind: 'produced', ...outputs };
}
