import { v7 } from 'uuid';
import { decodeUuid, encodeUuid } from './typeid.js';

/** What a public id names. */
export type IdKind = 'gen' | 'art' | 'plan' | 'key' | 'whe';

/** A UUIDv7: time-ordered, so that indexes stay local. */
export function newUuid(): string {
  return v7();
}

/** A new generation's id; its stream has the same one. */
export function newGenerationId(): string {
  return v7();
}

/** `gen_01jd…`: the id as clients see it. */
export function toPublicId(kind: IdKind, uuid: string): string {
  return `${kind}_${encodeUuid(uuid)}`;
}

/** The UUID behind a client's id; undefined when it is not one of that kind, to be answered like a missing one. */
export function fromPublicId(kind: IdKind, text: string): string | undefined {
  return text.startsWith(`${kind}_`) ? decodeUuid(text.slice(kind.length + 1)) : undefined;
}
