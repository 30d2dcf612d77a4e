import type { JobState } from '../provider-adapter.js';
import { type Usable, usableOutputs } from '../usable-outputs.js';
import { vendorLink, vendorMediaType, vendorText } from '../vendor-text.js';
import { readFailure } from './failure.js';
import type { Prediction } from './schema.js';

const dataUrl = /^data:([a-z0-9.+/-]{1,100});base64,([A-Za-z0-9+/]+={0,2})$/i;

/** How a prediction stands. A word that we do not know means that it goes on. */
export function readState(prediction: Prediction): JobState {
  const status = prediction.status.toLowerCase();
  switch (status) {
    case 'succeeded':
      return prediction.data_removed === true && !prediction.output
        ? removed
        : readOutputs(prediction.output);
    case 'failed':
      return readFailure(prediction.error);
    case 'canceled':
      return { kind: 'canceled' };
    // Its deadline came before it was started: nothing was run.
    case 'aborted':
      return { kind: 'canceled', isFree: true };
    default:
      return {
        kind: 'open',
        stage: status === 'starting' || status === 'queued' ? 'queued' : 'running',
        percent: percentOf(prediction.logs),
        queuePosition: null,
        vendorStatus: vendorText(prediction.status, 60),
        statusKnown: status === 'starting' || status === 'processing',
      };
  }
}

/** An hour after the end the vendor keeps nothing: that there were pictures is all that is left to say. */
const removed: JobState = {
  kind: 'failed',
  end: 'ATTEMPT_END_VENDOR_FAILED',
  failureClass: 'FAILURE_CLASS_NOT_FOUND',
  vendorCode: 'data_removed',
  vendorMessage: 'the pictures were removed before they were fetched',
};

/** The progress bar that the models log (tqdm); the last one counts. */
function percentOf(logs: string | null | undefined): number | null {
  const shown = [...(logs ?? '').slice(-4_000).matchAll(/(\d{1,3})%\|/g)].at(-1)?.[1];
  return shown === undefined ? null : Math.min(Number(shown), 100);
}

/** A string, a list of them, or nothing: by the model. */
function readOutputs(output: unknown): JobState {
  const entries: unknown[] = Array.isArray(output)
    ? output
    : output === null || output === undefined
      ? []
      : [output];
  return { kind: 'produced', ...usableOutputs(entries, readOutput) };
}

function readOutput(entry: unknown): Usable | undefined {
  if (typeof entry !== 'string') return undefined;
  if (entry.startsWith('data:')) {
    const [, mediaType = '', base64 = ''] = dataUrl.exec(entry) ?? [];
    return base64 === ''
      ? undefined
      : {
          source: { kind: 'inline', bytes: Buffer.from(base64, 'base64') },
          mediaType: vendorMediaType(mediaType),
        };
  }
  const url = vendorLink(entry);
  return url === undefined ? undefined : { source: { kind: 'link', url } };
}
