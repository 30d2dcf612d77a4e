import type { Generation } from '../api/schemas.js';
import { isFinal } from './words.js';

/** Every generation that the page has seen, by id. */
export type ShownGenerations = ReadonlyMap<string, Generation>;

/**
 * Takes over what was fetched. Answers may overtake each other and a list may lag behind a single fetch: what is older
 * than what is shown is dropped, so that no card ever goes back or disappears. A finished card of the same version is
 * kept as it is, because its signed links change with every answer and its pictures would load again.
 */
export function absorb(shown: ShownGenerations, fetched: readonly Generation[]): ShownGenerations {
  const next = new Map(shown);
  for (const fresh of fetched) {
    const known = next.get(fresh.id);
    if (!known || isNews(fresh, known)) next.set(fresh.id, fresh);
  }
  return next;
}

/** Takes over one generation with fresh links, though nothing else about it has changed. */
export function renewLinks(shown: ShownGenerations, fresh: Generation): ShownGenerations {
  const known = shown.get(fresh.id);
  return known && isOlder(fresh, known) ? shown : new Map(shown).set(fresh.id, fresh);
}

/** Newest first; the ids are sortable by time, too. */
export function inOrder(shown: ShownGenerations): Generation[] {
  return [...shown.values()].sort(byAge);
}

/**
 * Those of some statuses, as far down as the pages of their list reach: what other lists brought in from below has gaps before it.
 */
export function within(
  ordered: readonly Generation[],
  statuses: readonly Generation['status'][] | undefined,
  last: Generation | undefined,
): Generation[] {
  return ordered.filter(
    (one) =>
      (statuses === undefined || statuses.includes(one.status)) &&
      (last === undefined || byAge(one, last) <= 0),
  );
}

function isNews(fresh: Generation, known: Generation): boolean {
  if (isOlder(fresh, known)) return false;
  const same = fresh.run === known.run && fresh.version === known.version;
  // While it is open, the reason may change with time alone.
  return !same || !isFinal(known);
}

function isOlder(fresh: Generation, known: Generation): boolean {
  return fresh.run < known.run || (fresh.run === known.run && fresh.version < known.version);
}

function byAge(a: Generation, b: Generation): number {
  return a.created_at === b.created_at ? compare(b.id, a.id) : compare(b.created_at, a.created_at);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
