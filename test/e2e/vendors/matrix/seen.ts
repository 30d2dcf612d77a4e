import type { VendorDouble } from '@darkroom/vendor-doubles';
import type { Resource } from '../../../faults/client.js';
import type { Logged } from './darkroom-here.js';

/** All that was seen of one request, by its client, in Darkroom's log, and at the vendor. */
export interface Seen {
  readonly resource: Pick<Resource, 'status' | 'status_reason' | 'error'>;
  readonly events: readonly Logged[];
  /** Jobs that the vendor took for it: each is on its bill. */
  readonly jobs: VendorDouble['book']['bill'];
  /** When each submit came to the vendor, whatever came of it. Milliseconds since the epoch. */
  readonly submits: readonly number[];
  /** With which status each of the vendor's webhooks was answered. */
  readonly deliveries: readonly number[];
  /** What had the account paused meanwhile. */
  readonly pausedBy: string | null;
  /** Until when the vendor told it to wait, where it said so by a date. Milliseconds since the epoch. */
  readonly toldUntil: number | null;
}

/** It has ended, or is shown as a question that nobody has answered. */
export const isEndOrOpenQuestion = ({ resource: { status, status_reason } }: Seen): boolean =>
  ['succeeded', 'failed', 'canceled'].includes(status) || isOpenQuestion(status_reason?.code);

export const isOpenQuestion = (reason: string | undefined): boolean =>
  reason === 'confirming_with_provider' || reason === 'needs_attention';
