import type { CapabilitySheet } from '../capability-sheet.js';
import { megapixelSizes } from '../megapixel-sizes.js';

/**
 * What the FLUX models have in common. A submit is settled by the list of predictions: it shows each by its webhook, or by
 * its seed and prompt for an hour. That a list shows every prediction at once is nowhere said, so that absence proves nothing.
 */
const flux = {
  vendor: 'replicate',
  submit: 'lookup',
  keyScope: null,
  absence: 'weak',
  cancel: 'any-time',
  poll: 'get',
  sendBySeconds: 5,
  submitTimeoutSeconds: 60,
  acceptLagSeconds: 60,
  settlingSeconds: 60,
  graceSeconds: 180,
  // Time that was run is billed, whatever came of it.
  failedRunsCharged: true,
  limits: {
    minSide: 640,
    maxSide: 1_536,
    sizes: Object.keys(megapixelSizes),
    maxCount: 4,
    maxPromptLength: 4_000,
    formats: ['webp', 'jpeg', 'png'],
  },
  accountLimits: { concurrent: 50, submitsPerSecond: 10 },
  result: 'link',
  linkLifeSeconds: 3_600,
  takesSeed: true,
  takesWebhook: true,
  // Logs come with every answer, and have no bound of their own.
  maxAnswerBytes: { submit: 16 * 1024 * 1024, poll: 16 * 1024 * 1024, lookup: 64 * 1024 * 1024 },
} as const satisfies Partial<CapabilitySheet>;

/** Sheets of Replicate's official models; prices as its model pages list them. */
export const replicateSheets: Readonly<Record<string, CapabilitySheet>> = {
  'black-forest-labs/flux-schnell': {
    ...flux,
    model: 'black-forest-labs/flux-schnell',
    title: 'FLUX.1 [schnell] on Replicate',
    price: { currency: 'USD', microsPerImage: 3_000 },
    usualSeconds: { p50: 2, p95: 15 },
  },
  'black-forest-labs/flux-dev': {
    ...flux,
    model: 'black-forest-labs/flux-dev',
    title: 'FLUX.1 [dev] on Replicate',
    price: { currency: 'USD', microsPerImage: 25_000 },
    usualSeconds: { p50: 5, p95: 30 },
  },
};
