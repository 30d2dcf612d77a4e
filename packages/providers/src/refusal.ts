import type { SubmitAnswer, VendorAnswer, VendorError } from './provider-adapter.js';
import { classOfStatus } from './status-classes.js';
import { unreadable } from './unreadable.js';

/** What the answer to a submit proves that is no success. */
export const refusalOf = (
  { status }: VendorAnswer,
  { isRefusal, ...error }: VendorError & { isRefusal: boolean },
): SubmitAnswer =>
  isRefusal
    ? { kind: 'refused', ...error }
    : unreadable(`status ${status}, by which nothing is refused for certain`);

/** What an answer to a question says by its status alone, which proves nothing of a job. */
export const errorOfStatus = ({ status }: VendorAnswer): VendorError => ({
  failureClass: classOfStatus(status),
  vendorCode: `status_${status}`,
  vendorMessage: '',
  retryAfterSeconds: null,
});
