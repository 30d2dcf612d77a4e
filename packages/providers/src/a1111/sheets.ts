import { answeredAtOnceSheet } from '../answered-at-once.js';
import type { CapabilitySheet } from '../capability-sheet.js';
import { type Checkpoint, checkpointLimits, sdxlBase } from '../checkpoint.js';

/** By the name that clients ask for. */
export const checkpoints: Readonly<Record<string, Checkpoint>> = {
  'sdxl-base': sdxlBase,
  'sd-1.5': {
    title: 'Stable Diffusion 1.5',
    file: 'v1-5-pruned-emaonly.safetensors',
    steps: 20,
    cfg: 7,
    usualSeconds: { p50: 5, p95: 60 },
  },
};

/**
 * An AUTOMATIC1111 of one's own. The name that a task is given is a label: the same again runs again, and what the server remembers of it is
 * whether it came, not what came of it. Nothing else of a lost submit can be asked for.
 */
const own = {
  ...answeredAtOnceSheet,
  vendor: 'a1111',
  // It runs on a machine of one's own.
  failedRunsCharged: false,
  limits: checkpointLimits,
  price: { currency: 'USD', microsPerImage: 0 },
  // One runs at a time; more would wait for it with their answer's time running.
  accountLimits: { concurrent: 1, submitsPerSecond: null },
  takesSeed: true,
} as const satisfies Partial<CapabilitySheet>;

/** A sheet for each checkpoint. */
export const a1111Sheets: Readonly<Record<string, CapabilitySheet>> = Object.fromEntries(
  Object.entries(checkpoints).map(([model, { title, usualSeconds }]) => [
    model,
    { ...own, model, title: `${title} on an AUTOMATIC1111 of your own`, usualSeconds },
  ]),
);
