import type { CapabilitySheet } from './capability-sheet.js';
import type { ProviderAdapter } from './provider-adapter.js';
import { simulatorAdapter } from './simulator/adapter.js';

const adapters: ReadonlyMap<string, ProviderAdapter> = new Map([[simulatorAdapter.vendor, simulatorAdapter]]);

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

/** Every model as `<vendor>/<model>`, in the order of the sheets. */
export function knownModels(): string[] {
  return [...adapters.values()].flatMap((adapter) =>
    Object.keys(adapter.models).map((model) => `${adapter.vendor}/${model}`),
  );
}
