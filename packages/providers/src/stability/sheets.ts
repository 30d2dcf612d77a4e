import { answeredAtOnceSheet } from '../answered-at-once.js';
import type { CapabilitySheet } from '../capability-sheet.js';
import { stabilitySizes } from './sizes.js';

/** What the models have in common. */
const stableImage = {
  ...answeredAtOnceSheet,
  vendor: 'stability',
  // Calls that fail are free; what comes as a success and was filtered may be billed as one.
  failedRunsCharged: true,
  limits: {
    minSide: 640,
    maxSide: 1_536,
    sizes: Object.keys(stabilitySizes),
    maxCount: 1,
    maxPromptLength: 10_000,
    formats: ['png', 'jpeg', 'webp'],
  },
  // 150 in ten seconds; who asks more is locked out for a minute.
  accountLimits: { concurrent: 20, submitsPerSecond: 15 },
  takesSeed: true,
} as const satisfies Partial<CapabilitySheet>;

/** Sheets of Stability AI's models; prices as listed, at a cent a credit. */
export const stabilitySheets: Readonly<Record<string, CapabilitySheet>> = {
  core: {
    ...stableImage,
    model: 'core',
    title: 'Stable Image Core',
    price: { currency: 'USD', microsPerImage: 30_000 },
    usualSeconds: { p50: 5, p95: 20 },
  },
  ultra: {
    ...stableImage,
    model: 'ultra',
    title: 'Stable Image Ultra',
    price: { currency: 'USD', microsPerImage: 80_000 },
    usualSeconds: { p50: 10, p95: 40 },
  },
  'sd3.5-large': {
    ...stableImage,
    model: 'sd3.5-large',
    title: 'Stable Diffusion 3.5 Large',
    price: { currency: 'USD', microsPerImage: 65_000 },
    usualSeconds: { p50: 8, p95: 40 },
  },
};
