import { Session } from 'node:inspector/promises';
import { relative } from 'node:path';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** Runs something under V8's sampling profiler. @returns the functions that took most by themselves, with their share of samples */
export async function profiled<T>(run: () => Promise<T>, most = 15): Promise<{ result: T; top: string[] }> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  const result = await run();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const nodes = new Map<number, ProfileNode>(profile.nodes.map((node) => [node.id, node]));
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
  const top = [...shares]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([name, count]) => `${((100 * count) / all).toFixed(1).padStart(5)} %  ${name}`);
  return { result, top };
}
