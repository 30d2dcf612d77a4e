import type { CapabilitySheet } from '../capability-sheet.js';

/**
 * What the FLUX apps have in common. A lost submit is looked for in the history of requests, where it probably stands only once it has
 * ended: that it is not there proves nothing. Its webhook names the attempt.
 */
const flux = {
  vendor: 'fal',
  submit: 'lookup',
  keyScope: null,
  absence: 'weak',
  cancel: 'any-time',
  poll: 'get',
  sendBySeconds: 5,
  submitTimeoutSeconds: 60,
  acceptLagSeconds: 60,
  settlingSeconds: 120,
  graceSeconds: 300,
  // 5xx are free; a 422 may be billed if a runner had started.
  failedRunsCharged: true,
  limits: {
    minSide: 256,
    maxSide: 1_536,
    maxCount: 4,
    maxPromptLength: 4_000,
    formats: ['png', 'jpeg'],
  },
  // What is over an account's concurrency waits in the vendor's queue.
  accountLimits: { concurrent: 40, submitsPerSecond: null },
  result: 'link',
  linkLifeSeconds: null,
  takesSeed: true,
  takesWebhook: true,
  maxAnswerBytes: { submit: 1024 * 1024, poll: 16 * 1024 * 1024, lookup: 64 * 1024 * 1024 },
} as const satisfies Partial<CapabilitySheet>;

/** Sheets of fal's FLUX apps; prices as listed for an image of one megapixel. */
export const falSheets: Readonly<Record<string, CapabilitySheet>> = {
  'fal-ai/flux/schnell': {
    ...flux,
    model: 'fal-ai/flux/schnell',
    title: 'FLUX.1 [schnell] on fal',
    price: { currency: 'USD', microsPerImage: 3_000 },
    usualSeconds: { p50: 1, p95: 10 },
  },
  'fal-ai/flux/dev': {
    ...flux,
    model: 'fal-ai/flux/dev',
    title: 'FLUX.1 [dev] on fal',
    price: { currency: 'USD', microsPerImage: 25_000 },
    usualSeconds: { p50: 3, p95: 20 },
  },
};
