import type { RejectionReason } from '@darkroom/contract';
import type { DownloadError, DownloadFailure } from '@darkroom/platform';

/** An output's bytes cannot be used. The detail goes into the event: it holds no link and no key. */
export class OutputRejected extends Error {
  override readonly name = 'OutputRejected';
  constructor(
    readonly reason: RejectionReason,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}

/** A link that has died: only a fresh one can help. Vendors' stores answer 403 for a signature that ran out. */
const deadLink = new Set([401, 403, 404, 410]);

/** What an answer without the bytes means. */
export function rejectionOfStatus(status: number): OutputRejected {
  return deadLink.has(status)
    ? new OutputRejected('REJECTION_REASON_LINK_EXPIRED', `the link answers ${status}`)
    : new OutputRejected('REJECTION_REASON_DOWNLOAD_FAILED', `the link answers ${status}`);
}

const reasonOfFailure: Readonly<Record<Exclude<DownloadFailure, 'canceled'>, RejectionReason>> = {
  refused: 'REJECTION_REASON_ADDRESS_REFUSED',
  too_large: 'REJECTION_REASON_TOO_LARGE',
  truncated: 'REJECTION_REASON_TRUNCATED',
  too_many_redirects: 'REJECTION_REASON_DOWNLOAD_FAILED',
  unreachable: 'REJECTION_REASON_DOWNLOAD_FAILED',
  timeout: 'REJECTION_REASON_DOWNLOAD_FAILED',
  too_slow: 'REJECTION_REASON_DOWNLOAD_FAILED',
  reset: 'REJECTION_REASON_DOWNLOAD_FAILED',
  encoding: 'REJECTION_REASON_DOWNLOAD_FAILED',
  malformed: 'REJECTION_REASON_DOWNLOAD_FAILED',
};

/** What a download that ended early means; undefined where we ended it ourselves. */
export function rejectionOfDownload(error: DownloadError): OutputRejected | undefined {
  if (error.reason === 'canceled') return undefined;
  const detail = `${error.reason}: ${error.message}`.slice(0, 200);
  return new OutputRejected(reasonOfFailure[error.reason], detail, { cause: error });
}

/**
 * Whether the very same link may still bring good bytes: what a bad moment of the network or of the vendor's store explains.
 * The others wait for a fresh link.
 */
export function isWorthAnotherTry({ reason }: OutputRejected): boolean {
  return (
    reason === 'REJECTION_REASON_DOWNLOAD_FAILED' ||
    reason === 'REJECTION_REASON_TRUNCATED' ||
    reason === 'REJECTION_REASON_CHECKSUM_MISMATCH' ||
    reason === 'REJECTION_REASON_NOT_AN_IMAGE'
  );
}
