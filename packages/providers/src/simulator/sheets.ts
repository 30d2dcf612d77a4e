import type { CapabilitySheet } from '../capability-sheet.js';

/** What all models of the simulator have in common; the numbers are the published ones of its contract. */
const shared = {
  vendor: 'sim',
  sendBySeconds: 5,
  submitTimeoutSeconds: 10,
  acceptLagSeconds: 10,
  settlingSeconds: 2,
  graceSeconds: 10,
  failedRunsCharged: true,
  limits: {
    minSide: 64,
    maxSide: 4_096,
    maxCount: 8,
    maxPromptLength: 4_000,
    formats: ['png', 'jpeg', 'webp'],
  },
  price: { currency: 'USD', microsPerImage: 40_000 },
  accountLimits: { concurrent: 50, submitsPerSecond: null },
  usualSeconds: { p50: 1.3, p95: 2 },
  takesSeed: true,
  maxAnswerBytes: { submit: 1024 * 1024, poll: 1024 * 1024, lookup: 1024 * 1024 },
} as const;

/** Jobs that are made at once and asked for later. */
const queued = {
  ...shared,
  result: 'link',
  linkLifeSeconds: 600,
  poll: 'get',
  cancel: 'any-time',
  takesWebhook: true,
} as const;

/** Sheets of the simulator's models: one submission contract each. */
export const simulatorSheets: Readonly<Record<string, CapabilitySheet>> = {
  standard: {
    ...queued,
    model: 'standard',
    title: 'Simulator, standard',
    submit: 'lookup',
    keyScope: null,
    absence: 'proof',
  },
  keyed: {
    ...queued,
    model: 'keyed',
    title: 'Simulator, idempotency keys',
    submit: 'keyed-replay',
    keyScope: 'forever',
    absence: 'weak',
  },
  reject: {
    ...queued,
    model: 'reject',
    title: 'Simulator, used references are refused',
    submit: 'keyed-reject',
    keyScope: 'forever',
    absence: 'proof',
  },
  blind: {
    ...queued,
    model: 'blind',
    title: 'Simulator, no references',
    submit: 'blind',
    keyScope: null,
    absence: 'weak',
  },
  inline: {
    ...shared,
    model: 'inline',
    title: 'Simulator, images in the answer',
    submit: 'blind',
    keyScope: null,
    absence: 'weak',
    result: 'inline',
    linkLifeSeconds: null,
    poll: 'none',
    cancel: 'never',
    takesWebhook: false,
    // Eight images of 4096x4096 as base64, several times over.
    maxAnswerBytes: { ...shared.maxAnswerBytes, submit: 64 * 1024 * 1024 },
  },
};
