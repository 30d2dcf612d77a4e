import type { CapabilitySheet } from '../capability-sheet.js';

/**
 * A predictor of one's own that draws: it takes `prompt`, `width`, `height`, `num_outputs`, `seed` and `output_format`, and gives a list
 * of files. What it does not take of these it drops in silence, and what it refuses it refuses before it runs.
 *
 * An id is free again as soon as its run ends, so that the same PUT a moment later runs anew: nothing is ever sent a second time. There
 * is nothing to ask for either; the webhook tells the end, and settles a lost answer.
 */
export const cogSheets: Readonly<Record<string, CapabilitySheet>> = {
  'text-to-image': {
    vendor: 'cog',
    model: 'text-to-image',
    title: 'A predictor of your own',
    submit: 'keyed-replay',
    keyScope: 'in-flight',
    absence: 'weak',
    cancel: 'any-time',
    poll: 'none',
    sendBySeconds: 5,
    submitTimeoutSeconds: 30,
    acceptLagSeconds: 30,
    settlingSeconds: 0,
    // A long run, and the seven minutes for which its webhook is tried again.
    graceSeconds: 900,
    // It runs on a machine of one's own.
    failedRunsCharged: false,
    limits: {
      minSide: 64,
      maxSide: 2_048,
      maxCount: 4,
      maxPromptLength: 4_000,
      formats: ['png', 'jpeg', 'webp'],
    },
    price: { currency: 'USD', microsPerImage: 0 },
    accountLimits: { concurrent: 1, submitsPerSecond: null },
    result: 'inline',
    linkLifeSeconds: null,
    usualSeconds: { p50: 10, p95: 120 },
    takesSeed: true,
    takesWebhook: true,
    // Where a proxy in front drops `Prefer` the answer is the end, images and all.
    maxAnswerBytes: { submit: 64 * 1024 * 1024, poll: 256 * 1024, lookup: 0 },
  },
};
