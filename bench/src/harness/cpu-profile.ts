import { type Profiler, Session } from 'node:inspector/promises';
import { relative } from 'node:path';

const most = 15;

/** Begins to sample this process with V8's profiler. @returns what ends it, and tells where the time went */
export async function startProfile(): Promise<() => Promise<string[]>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return topOf(profile);
  };
}

/** Runs something under the profiler. */
export async function profiled<T>(run: () => Promise<T>): Promise<{ result: T; top: string[] }> {
  const stop = await startProfile();
  const result = await run();
  return { result, top: await stop() };
}

/** The functions that took most by themselves, with their share of samples. */
function topOf(profile: Profiler.Profile): string[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const shares = new Map<string, number>();
  for (const id of profile.samples ?? []) {
    const frame = nodes.get(id)?.callFrame;
    if (!frame) continue;
    const file = frame.url.startsWith('file:')
      ? relative(process.cwd(), new URL(frame.url).pathname).replace(/^.*node_modules\//, '')
      : frame.url;
    const name = `${frame.functionName || '(anonymous)'}  ${file}${file === '' ? '' : `:${frame.lineNumber + 1}`}`;
    shares.set(name, (shares.get(name) ?? 0) + 1);
  }
  const all = (profile.samples ?? []).length;
  return [...shares]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([name, count]) => `${((100 * count) / all).toFixed(1).padStart(5)} %  ${name}`);
}
