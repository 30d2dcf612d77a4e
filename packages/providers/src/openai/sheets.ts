import { answeredAtOnceSheet } from '../answered-at-once.js';
import type { CapabilitySheet } from '../capability-sheet.js';

/** What the GPT image models have in common. */
const gptImage = {
  ...answeredAtOnceSheet,
  vendor: 'openai',
  failedRunsCharged: true,
  limits: {
    minSide: 1_024,
    maxSide: 1_536,
    sizes: ['1024x1024', '1536x1024', '1024x1536'],
    maxCount: 8,
    maxPromptLength: 4_000,
    formats: ['png', 'jpeg', 'webp'],
  },
  accountLimits: { concurrent: 20, submitsPerSecond: null },
  takesSeed: false,
} as const satisfies Partial<CapabilitySheet>;

/** Sheets of OpenAI's image models at medium quality; prices of a square picture, as listed. */
export const openaiSheets: Readonly<Record<string, CapabilitySheet>> = {
  'gpt-image-1': {
    ...gptImage,
    model: 'gpt-image-1',
    title: 'GPT Image 1',
    price: { currency: 'USD', microsPerImage: 42_000 },
    usualSeconds: { p50: 20, p95: 60 },
  },
  'gpt-image-1-mini': {
    ...gptImage,
    model: 'gpt-image-1-mini',
    title: 'GPT Image 1 mini',
    price: { currency: 'USD', microsPerImage: 11_000 },
    usualSeconds: { p50: 15, p95: 45 },
  },
};

/** Millionths of a dollar, of a token of text that was asked with and of a token of picture, as listed. */
export const tokenMicros: Readonly<Record<string, { readonly input: number; readonly output: number }>> = {
  'gpt-image-1': { input: 5, output: 40 },
  'gpt-image-1-mini': { input: 2, output: 8 },
};
