/** Where a leaf is: keys and places from the root. */
export type Path = readonly (string | number)[];

/** Everything in a JSON value that has nothing below it, and where it is. */
export function leavesOf(value: unknown, path: Path = []): { path: Path; leaf: unknown }[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((entry, nth) => leavesOf(entry, [...path, nth]));
  if (typeof value !== 'object' || value === null) return [{ path, leaf: value }];
  return Object.entries(value).flatMap(([key, entry]) => leavesOf(entry, [...path, key]));
}

/** The same value with another leaf there, as JSON. @param literal as it is written, also what JSON.stringify would not write */
export function withLeaf(value: unknown, path: Path, literal: string): string {
  const mark = 'the leaf that is replaced';
  return JSON.stringify(replaced(value, path, mark)).replace(JSON.stringify(mark), () => literal);
}

function replaced(value: unknown, [key, ...rest]: Path, leaf: unknown): unknown {
  if (key === undefined) return leaf;
  if (Array.isArray(value))
    return value.map((entry, nth) => (nth === key ? replaced(entry, rest, leaf) : entry));
  return Object.fromEntries(
    Object.entries(Object(value)).map(([name, entry]: [string, unknown]) => [
      name,
      name === key ? replaced(entry, rest, leaf) : entry,
    ]),
  );
}
