import type { CapabilitySheet } from '../capability-sheet.js';
import { checkpointLimits } from '../checkpoint.js';
import { checkpoints } from '../comfy-workflows/text-to-image.js';

/**
 * A ComfyUI of one's own. The id of a prompt is ours, so that a lost submit is looked for by it, in the queue and then in the history. Both
 * are gone with a restart: that it is in neither proves nothing. The same id again is queued and run again, so that nothing is ever sent twice.
 */
const own = {
  vendor: 'comfyui',
  submit: 'lookup',
  keyScope: null,
  absence: 'weak',
  cancel: 'any-time',
  poll: 'get',
  sendBySeconds: 5,
  submitTimeoutSeconds: 30,
  acceptLagSeconds: 30,
  settlingSeconds: 1,
  graceSeconds: 120,
  // It runs on a machine of one's own.
  failedRunsCharged: false,
  limits: checkpointLimits,
  price: { currency: 'USD', microsPerImage: 0 },
  // More waits in its own queue.
  accountLimits: { concurrent: 4, submitsPerSecond: null },
  result: 'link',
  linkLifeSeconds: null,
  takesSeed: true,
  takesWebhook: false,
  maxAnswerBytes: { submit: 1024 * 1024, poll: 64 * 1024 * 1024, lookup: 64 * 1024 * 1024 },
} as const satisfies Partial<CapabilitySheet>;

/** A sheet for each checkpoint. */
export const comfyuiSheets: Readonly<Record<string, CapabilitySheet>> = Object.fromEntries(
  Object.entries(checkpoints).map(([model, { title, usualSeconds }]) => [
    model,
    { ...own, model, title: `${title} on a ComfyUI of your own`, usualSeconds },
  ]),
);
