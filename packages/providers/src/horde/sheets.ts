import type { CapabilitySheet } from '../capability-sheet.js';

/** What workers are asked to do for a model; by the name that clients ask for. */
interface Recipe {
  readonly title: string;
  /** As the horde's list of models has it. */
  readonly name: string;
  readonly steps: number;
  readonly cfg: number;
}

export const recipes: Readonly<Record<string, Recipe>> = {
  'sdxl-1.0': { title: 'SDXL 1.0', name: 'SDXL 1.0', steps: 25, cfg: 7 },
  'sd-1.5': { title: 'Stable Diffusion 1.5', name: 'stable_diffusion', steps: 25, cfg: 7 },
  'flux-schnell': { title: 'FLUX.1 [schnell]', name: 'Flux.1-Schnell fp8 (Compact)', steps: 4, cfg: 1 },
};

/**
 * The AI Horde: workers of volunteers, who draw when they come to it. It takes no key and lists nothing, so that a lost submit is told of by
 * its webhook alone, if at all, and is never sent again.
 */
const horde = {
  vendor: 'horde',
  submit: 'blind',
  keyScope: null,
  absence: 'weak',
  cancel: 'any-time',
  poll: 'get',
  sendBySeconds: 5,
  submitTimeoutSeconds: 60,
  acceptLagSeconds: 60,
  settlingSeconds: 0,
  // A request that nobody picks up is forgotten after twenty minutes.
  graceSeconds: 1_200,
  // Kudos are no money.
  failedRunsCharged: false,
  limits: {
    minSide: 64,
    maxSide: 3_072,
    sideStep: 64,
    maxCount: 4,
    maxPromptLength: 7_000,
    formats: ['webp'],
  },
  price: { currency: 'USD', microsPerImage: 0 },
  // Pictures at once of a registered account; two submits a second, and ninety a minute.
  accountLimits: { concurrent: 30, submitsPerSecond: 1 },
  result: 'link',
  linkLifeSeconds: 1_800,
  usualSeconds: { p50: 30, p95: 600 },
  takesSeed: true,
  takesWebhook: true,
  maxAnswerBytes: { submit: 256 * 1024, poll: 1024 * 1024, lookup: 0 },
} as const satisfies Partial<CapabilitySheet>;

/** A sheet for each model. */
export const hordeSheets: Readonly<Record<string, CapabilitySheet>> = Object.fromEntries(
  Object.entries(recipes).map(([model, { title }]) => [
    model,
    { ...horde, model, title: `${title} on the AI Horde` },
  ]),
);
