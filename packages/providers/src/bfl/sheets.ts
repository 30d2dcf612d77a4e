import type { CapabilitySheet } from '../capability-sheet.js';

/**
 * What the FLUX models have in common at their maker. It lists nothing and takes no key: a lost submit is told of by its webhook
 * alone, if at all, and is never sent again.
 */
const flux = {
  vendor: 'bfl',
  submit: 'blind',
  keyScope: null,
  absence: 'weak',
  cancel: 'never',
  poll: 'get',
  sendBySeconds: 5,
  submitTimeoutSeconds: 60,
  acceptLagSeconds: 60,
  settlingSeconds: 0,
  // A slow job, and the half minute for which its webhook is tried again.
  graceSeconds: 180,
  failedRunsCharged: true,
  limits: {
    minSide: 256,
    maxSide: 2_048,
    sideStep: 16,
    maxPixels: 4_000_000,
    maxCount: 1,
    maxPromptLength: 4_000,
    formats: ['png', 'jpeg'],
  },
  // Active tasks; there is no limit by the second.
  accountLimits: { concurrent: 24, submitsPerSecond: null },
  result: 'link',
  linkLifeSeconds: 600,
  takesSeed: true,
  takesWebhook: true,
  maxAnswerBytes: { submit: 256 * 1024, poll: 16 * 1024 * 1024, lookup: 0 },
} as const satisfies Partial<CapabilitySheet>;

/** Sheets of Black Forest Labs' models; prices as its page lists them, of one megapixel. What a job costs its answer says. */
export const bflSheets: Readonly<Record<string, CapabilitySheet>> = {
  'flux-2-pro': {
    ...flux,
    model: 'flux-2-pro',
    title: 'FLUX.2 [pro]',
    price: { currency: 'USD', microsPerImage: 30_000 },
    usualSeconds: { p50: 7, p95: 30 },
  },
  'flux-pro-1.1': {
    ...flux,
    model: 'flux-pro-1.1',
    title: 'FLUX1.1 [pro]',
    limits: { ...flux.limits, maxSide: 1_440, sideStep: 32 },
    price: { currency: 'USD', microsPerImage: 40_000 },
    usualSeconds: { p50: 5, p95: 20 },
  },
};
