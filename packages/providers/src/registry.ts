import type { CapabilitySheet } from './capability-sheet.js';
import type { ProviderAdapter } from './provider-adapter.js';
import { a1111Adapter } from './a1111/adapter.js';
import { bflAdapter } from './bfl/adapter.js';
import { cogAdapter } from './cog/adapter.js';
import { comfyAdapter, comfyProxyAdapter } from './comfy/adapter.js';
import { comfyuiAdapter } from './comfyui/adapter.js';
import { falAdapter } from './fal/adapter.js';
import { geminiAdapter } from './gemini/adapter.js';
import { hordeAdapter } from './horde/adapter.js';
import { openaiAdapter } from './openai/adapter.js';
import { replicateAdapter } from './replicate/adapter.js';
import { runwareAdapter } from './runware/adapter.js';
import { simulatorAdapter } from './simulator/adapter.js';
import { stabilityAdapter } from './stability/adapter.js';

/** One line each. */
const known = [
  simulatorAdapter,
  replicateAdapter,
  cogAdapter,
  falAdapter,
  openaiAdapter,
  bflAdapter,
  comfyAdapter,
  comfyProxyAdapter,
  comfyuiAdapter,
  geminiAdapter,
  runwareAdapter,
  stabilityAdapter,
  a1111Adapter,
  hordeAdapter,
] as const;

const adapters: ReadonlyMap<string, ProviderAdapter> = new Map(
  known.map((adapter) => [adapter.vendor, adapter]),
);

/** The adapter of a vendor, undefined where Darkroom has none. */
export function adapterFor(vendor: string): ProviderAdapter | undefined {
  return adapters.get(vendor);
}

/** The sheet of `<vendor>/<model>`, undefined where there is none. */
export function sheetFor(qualifiedModel: string): CapabilitySheet | undefined {
  const slash = qualifiedModel.indexOf('/');
  if (slash < 1) return undefined;
  const models = adapters.get(qualifiedModel.slice(0, slash))?.models;
  const model = qualifiedModel.slice(slash + 1);
  return models && Object.hasOwn(models, model) ? models[model] : undefined;
}

/** One for every vendor that Darkroom speaks to. */
export function knownAdapters(): ProviderAdapter[] {
  return [...adapters.values()];
}

/** Every model as `<vendor>/<model>`, in the order of the sheets. */
export function knownModels(): string[] {
  return [...adapters.values()].flatMap((adapter) =>
    Object.keys(adapter.models).map((model) => `${adapter.vendor}/${model}`),
  );
}
