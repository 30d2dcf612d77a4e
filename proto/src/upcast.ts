import type { JsonObject } from '@bufbuild/protobuf';
import type { EventType } from './event-shape.js';

/** A stored payload. `personal`: null where the event has none, {} where it was erased. */
export interface StoredParts {
  readonly data: JsonObject;
  readonly personal: JsonObject | null;
}

/** Lifts a payload from one schema version to the next. Pure, and total over whatever that version could hold. */
export type Upcaster = (parts: StoredParts) => StoredParts;

/** By the version that is lifted: `{ 1: f }` makes version 2 of version 1. */
export type Upcasters = { readonly [T in EventType]?: Readonly<Record<number, Upcaster>> };

/**
 * For changes that are more than a new field with a default, which needs none: raise `schema_version` in the contract, add the
 * step here, and keep the fixtures of the old version for ever. None was needed yet.
 */
export const upcasters: Upcasters = {};

const isErased = ({ personal }: StoredParts): boolean =>
  personal !== null && Object.keys(personal).length === 0;

/**
 * Lifts a payload step by step. What was erased stays erased, whatever a step makes of it.
 * @throws RangeError where a step is missing: a mistake of the program, which a test finds
 */
export function upcast(
  type: EventType,
  from: number,
  to: number,
  parts: StoredParts,
  registry: Upcasters = upcasters,
): StoredParts {
  let lifted = parts;
  for (let version = from; version < to; version += 1) {
    const step = registry[type]?.[version];
    if (step === undefined) throw new RangeError(`no upcaster lifts ${type} from schema version ${version}`);
    lifted = step(lifted);
  }
  return isErased(parts) ? { ...lifted, personal: {} } : lifted;
}
