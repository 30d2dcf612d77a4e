import { v5 } from 'uuid';

const namespace = '6f5f4d0e-5a0b-4b5c-9a53-0d6f6b9d4c11';

/** A UUIDv5 of the parts: the same parts give the same id, in every process and for ever. */
export function deterministicId(...parts: readonly (string | number)[]): string {
  // JSON keeps the parts apart: ('a', 'bc') and ('ab', 'c') must differ.
  return v5(JSON.stringify(parts.map(String)), namespace);
}

/** Id of the `index`th event that `handler` writes because of the event `inputEventId`. */
export function eventId(handler: string, inputEventId: string, index = 0): string {
  return deterministicId('event', handler, inputEventId, index);
}
