import { answeredAtOnceSheet } from '../answered-at-once.js';
import type { CapabilitySheet } from '../capability-sheet.js';
import { geminiSizes } from './sizes.js';

export const geminiSheets: Readonly<Record<string, CapabilitySheet>> = {
  'gemini-2.5-flash-image': {
    ...answeredAtOnceSheet,
    vendor: 'gemini',
    model: 'gemini-2.5-flash-image',
    title: 'Gemini 2.5 Flash Image',
    // Tokens are billed, whatever they were spent on.
    failedRunsCharged: true,
    limits: {
      minSide: 672,
      maxSide: 1_536,
      sizes: Object.keys(geminiSizes),
      maxCount: 1,
      maxPromptLength: 4_000,
      formats: ['png'],
    },
    price: { currency: 'USD', microsPerImage: 39_000 },
    accountLimits: { concurrent: 10, submitsPerSecond: null },
    usualSeconds: { p50: 10, p95: 40 },
    takesSeed: true,
  },
};

/** Millionths of a dollar, of a token of what was asked and of what was answered. */
export const tokenMicros = { prompt: 0.3, answer: 30 } as const;
