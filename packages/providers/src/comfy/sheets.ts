import type { CapabilitySheet } from '../capability-sheet.js';
import { checkpointLimits } from '../checkpoint.js';
import { checkpoints } from '../comfy-workflows/text-to-image.js';

/**
 * What both have in common. A key is for one use, and refused ever after, for a day: a refusal proves that it was used, and not that there is
 * a job. So the list is asked first where there is one, and then the key.
 */
const v2 = {
  submit: 'keyed-reject',
  absence: 'weak',
  cancel: 'any-time',
  poll: 'get',
  sendBySeconds: 5,
  submitTimeoutSeconds: 30,
  acceptLagSeconds: 30,
  settlingSeconds: 5,
  graceSeconds: 180,
  limits: checkpointLimits,
  result: 'link',
  linkLifeSeconds: 3_600,
  takesSeed: true,
  takesWebhook: false,
  maxAnswerBytes: { submit: 4 * 1024 * 1024, poll: 4 * 1024 * 1024, lookup: 64 * 1024 * 1024 },
} as const satisfies Partial<CapabilitySheet>;

const sheetsOf = (
  vendor: string,
  where: string,
  more: Pick<CapabilitySheet, 'keyScope' | 'failedRunsCharged' | 'price' | 'accountLimits'>,
): Readonly<Record<string, CapabilitySheet>> =>
  Object.fromEntries(
    Object.entries(checkpoints).map(([model, { title, usualSeconds }]) => [
      model,
      { ...v2, ...more, vendor, model, title: `${title} on ${where}`, usualSeconds },
    ]),
  );

/** Billed by the second of a GPU, whatever comes of it: what a picture costs is a guess. */
export const comfyCloudSheets = sheetsOf('comfy', 'Comfy Cloud', {
  keyScope: 86_400,
  failedRunsCharged: true,
  price: { currency: 'USD', microsPerImage: 10_000 },
  accountLimits: { concurrent: 5, submitsPerSecond: null },
});

/** The same API in front of a ComfyUI of one's own. */
export const comfyProxySheets = sheetsOf('comfy-proxy', 'a ComfyUI of your own', {
  // A restart may forget them, and some errors of what is behind it free them: never tried again.
  keyScope: null,
  failedRunsCharged: false,
  price: { currency: 'USD', microsPerImage: 0 },
  accountLimits: { concurrent: 4, submitsPerSecond: null },
});
