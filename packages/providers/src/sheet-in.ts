import type { CapabilitySheet } from './capability-sheet.js';

/** The sheet of a vendor's own model. @throws Error where it has none: whoever asks has found the model in the registry */
export function sheetIn(sheets: Readonly<Record<string, CapabilitySheet>>, model: string): CapabilitySheet {
  const sheet = Object.hasOwn(sheets, model) ? sheets[model] : undefined;
  if (!sheet) throw new Error(`there is no sheet of ${model}`);
  return sheet;
}
