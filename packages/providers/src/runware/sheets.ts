import type { CapabilitySheet } from '../capability-sheet.js';

/**
 * What the FLUX models have in common at Runware. The task's id is ours, so that a lost submit is asked for by it. A used id is refused, for
 * how long nobody says: it is never sent twice. Nor is it said when a task shows: that one is not found proves nothing.
 */
const flux = {
  vendor: 'runware',
  submit: 'keyed-reject',
  keyScope: null,
  absence: 'weak',
  cancel: 'never',
  poll: 'get',
  sendBySeconds: 5,
  submitTimeoutSeconds: 60,
  acceptLagSeconds: 60,
  settlingSeconds: 60,
  graceSeconds: 180,
  // That a failed task is free is nowhere said, and a picture that the check rejects is billed.
  failedRunsCharged: true,
  limits: {
    minSide: 128,
    maxSide: 2_048,
    sideStep: 64,
    // Several come one by one, and no answer says how many there will be.
    maxCount: 1,
    maxPromptLength: 3_000,
    formats: ['png', 'jpeg', 'webp'],
  },
  accountLimits: { concurrent: 10, submitsPerSecond: null },
  result: 'link',
  // How long a link lives is nowhere said.
  linkLifeSeconds: null,
  takesSeed: true,
  takesWebhook: true,
  maxAnswerBytes: { submit: 1024 * 1024, poll: 1024 * 1024, lookup: 1024 * 1024 },
} as const satisfies Partial<CapabilitySheet>;

/** Sheets of Runware's models, by the names that it gives them; prices of one megapixel. What a picture costs its answer says. */
export const runwareSheets: Readonly<Record<string, CapabilitySheet>> = {
  'runware:100@1': {
    ...flux,
    model: 'runware:100@1',
    title: 'FLUX.1 [schnell] on Runware',
    price: { currency: 'USD', microsPerImage: 1_300 },
    usualSeconds: { p50: 2, p95: 15 },
  },
  'runware:101@1': {
    ...flux,
    model: 'runware:101@1',
    title: 'FLUX.1 [dev] on Runware',
    price: { currency: 'USD', microsPerImage: 3_800 },
    usualSeconds: { p50: 5, p95: 30 },
  },
};
