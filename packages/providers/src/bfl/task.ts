import type { JobState } from '../provider-adapter.js';
import { vendorLink, vendorText } from '../vendor-text.js';
import type { Task } from './schemas.js';

/** A task that is not known here: it is on another host, has expired, or was never there. */
export const isUnknownTask = ({ status }: Task): boolean => status.toLowerCase() === 'task not found';

const openWords: ReadonlyMap<string, 'queued' | 'running'> = new Map([
  ['pending', 'queued'],
  ['reasoning', 'running'],
  ['generating', 'running'],
]);

/** How a task stands. A word that we do not know means that it goes on. */
export function readState(task: Task): JobState {
  const status = task.status.toLowerCase();
  switch (status) {
    case 'ready':
      return produced(task);
    case 'request moderated':
    case 'content moderated':
      return {
        kind: 'failed',
        end: 'ATTEMPT_END_MODERATED',
        // Neither is billed, says its help page.
        isFree: true,
        failureClass: 'FAILURE_CLASS_CONTENT_REJECTED',
        vendorCode: status.replace(' ', '_'),
        vendorMessage: detailsOf(task),
      };
    case 'error':
    case 'failed':
      return {
        kind: 'failed',
        end: 'ATTEMPT_END_VENDOR_FAILED',
        failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
        vendorCode: status,
        vendorMessage: detailsOf(task),
      };
    default:
      return {
        kind: 'open',
        stage: openWords.get(status) ?? 'running',
        percent: typeof task.progress === 'number' ? percentOf(task.progress) : null,
        queuePosition: null,
        vendorStatus: vendorText(task.status, 60),
        statusKnown: openWords.has(status),
      };
  }
}

/** From 0 to 1. */
const percentOf = (progress: number): number => Math.round(Math.min(Math.max(progress, 0), 1) * 100);

function produced({ result }: Task): JobState {
  const url = vendorLink(result?.sample);
  return url === undefined
    ? { kind: 'produced', outputs: [], dropped: result?.sample === undefined ? 0 : 1 }
    : {
        kind: 'produced',
        outputs: [{ index: 0, source: { kind: 'link', url }, sha256: '', bytes: 0, mediaType: '' }],
        dropped: 0,
      };
}

function detailsOf({ message, error, details }: Task): string {
  const said = message ?? error ?? details;
  return vendorText(typeof said === 'string' ? said : JSON.stringify(said ?? ''), 500);
}
