import { getGeneration, isSettled, type Resource, type Target } from './client.js';
import type { Invocation } from './load.js';
import { until } from './until.js';

/**
 * Waits until nothing more happens to any acknowledged request unless a person acts. A look that fails is made again: what it asks
 * may still be away.
 * @param seconds for all of them together
 */
export async function endsOf(
  target: Target,
  history: readonly Invocation[],
  seconds: number,
): Promise<Map<string, Resource>> {
  const resources = new Map<string, Resource>();
  const open = new Set(history.flatMap(({ id }) => (id === undefined ? [] : [id])));
  await until(
    'all ended',
    seconds,
    async () => {
      for (const id of open) {
        const seen = await getGeneration(target, id).catch(() => undefined);
        if (!seen || !isSettled(seen)) return undefined;
        resources.set(id, seen);
        open.delete(id);
      }
      return true;
    },
    () => `${open.size} are open, the first is ${[...open][0] ?? ''}`,
  );
  return resources;
}
