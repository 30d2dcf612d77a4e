import type { FailureClass } from '@darkroom/contract';
import type { JobState, VendorOutput } from '../provider-adapter.js';
import { type Usable, usableOutputs } from '../usable-outputs.js';
import { vendorLink, vendorMediaType, vendorText } from '../vendor-text.js';
import { type JobBody, outputSchema } from './schemas.js';

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** How a job stands. Words are read without their case; a word that we do not know means that the job goes on. */
export function readJobState(job: JobBody): JobState {
  const status = job.status.toLowerCase();
  switch (status) {
    case 'succeeded':
      return { kind: 'produced', ...usableOutputs(job.outputs ?? [], readOutput) };
    case 'failed':
      return readFailure(job);
    case 'canceled':
      return { kind: 'canceled' };
    default:
      return {
        kind: 'open',
        stage: status === 'queued' ? 'queued' : 'running',
        percent:
          typeof job.progress === 'number' ? Math.max(0, Math.min(100, Math.round(job.progress))) : null,
        queuePosition: job.queue_position ?? null,
        vendorStatus: vendorText(job.status, 60),
        statusKnown: status === 'queued' || status === 'running',
      };
  }
}

function readFailure(job: JobBody): JobState {
  const vendorCode = vendorText(job.error?.code, 100);
  const moderated = vendorCode === 'content_moderated';
  const failureClass: FailureClass = moderated
    ? 'FAILURE_CLASS_CONTENT_REJECTED'
    : 'FAILURE_CLASS_VENDOR_FAULT';
  return {
    kind: 'failed',
    end: moderated ? 'ATTEMPT_END_MODERATED' : 'ATTEMPT_END_VENDOR_FAILED',
    failureClass,
    vendorCode: vendorCode || 'failed',
    vendorMessage: vendorText(job.error?.message, 500),
  };
}

function readOutput(entry: unknown): Usable | undefined {
  const parsed = outputSchema.safeParse(entry);
  if (!parsed.success) return undefined;
  const { url, b64, sha256, bytes, media_type } = parsed.data;
  const source = readSource(url, b64);
  if (!source) return undefined;
  return {
    source,
    sha256: typeof sha256 === 'string' && /^[0-9a-f]{64}$/i.test(sha256) ? sha256.toLowerCase() : '',
    bytes: typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0,
    mediaType: vendorMediaType(media_type),
  };
}

function readSource(url: unknown, b64: unknown): VendorOutput['source'] | undefined {
  const link = vendorLink(url);
  if (link !== undefined) return { kind: 'link', url: link };
  if (typeof b64 !== 'string' || !base64.test(b64)) return undefined;
  return { kind: 'inline', bytes: Buffer.from(b64, 'base64') };
}
