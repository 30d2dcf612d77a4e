import type { CapabilitySheet, ModelLimits } from './capability-sheet.js';

/** A checkpoint that lies on a server of one's own, and how it is sampled. */
export interface Checkpoint {
  readonly title: string;
  /** As it lies in the server's folder of checkpoints. */
  readonly file: string;
  readonly steps: number;
  readonly cfg: number;
  readonly usualSeconds: CapabilitySheet['usualSeconds'];
}

export const sdxlBase: Checkpoint = {
  title: 'SDXL 1.0',
  file: 'sd_xl_base_1.0.safetensors',
  steps: 20,
  cfg: 7,
  usualSeconds: { p50: 10, p95: 120 },
};

/** What such a server makes of any of them. */
export const checkpointLimits: ModelLimits = {
  minSide: 64,
  maxSide: 2_048,
  sideStep: 8,
  maxCount: 4,
  maxPromptLength: 4_000,
  formats: ['png'],
};
