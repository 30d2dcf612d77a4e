import { fileURLToPath } from 'node:url';
import { type Report, publish } from './harness/report.js';

/** Benchmarks by name; each is loaded only when it runs. */
const benchmarks: Readonly<Record<string, () => Promise<{ run: () => Promise<Report> }>>> = {
  accept: () => import('./accept.js'),
  idle: () => import('./idle.js'),
  burst: () => import('./burst.js'),
  log: () => import('./log.js'),
  'million-waiting': () => import('./million-waiting.js'),
  'held-snapshot': () => import('./held-snapshot.js'),
  rebuild: () => import('./rebuild.js'),
  shapes: () => import('./shapes.js'),
  fairness: () => import('./fairness.js'),
  relay: () => import('./relay.js'),
  'double-charges': () => import('./double-charges.js'),
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => benchmarks[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `no benchmark ${unknown.join(', ')}; there are ${Object.keys(benchmarks).join(', ')}\n`,
  );
  process.exit(2);
}
const folder = fileURLToPath(new URL('../results', import.meta.url));
for (const [name, load] of Object.entries(benchmarks)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const { run } = await load();
  publish(await run(), folder);
}
