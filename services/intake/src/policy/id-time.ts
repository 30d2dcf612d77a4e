/**
 * When a UUIDv7 was made: its first 48 bits are milliseconds since the epoch. A request's time is taken from its id, so that the
 * first answer, every replay of it and the resource name the same moment without a look-up.
 */
export function idTime(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}
