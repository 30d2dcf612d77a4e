// Imported into a process that is to be profiled while it runs: the first SIGUSR2 begins, the second writes down what was seen.
import { renameSync, writeFileSync } from 'node:fs';
import { startProfile } from './cpu-profile.js';

const file = process.env['BENCH_PROFILE'];
let stop: (() => Promise<string[]>) | undefined;

async function toggle(): Promise<void> {
  if (stop === undefined) {
    stop = await startProfile();
    return;
  }
  const top = await stop();
  stop = undefined;
  if (file === undefined) return;
  writeFileSync(`${file}.part`, JSON.stringify(top));
  renameSync(`${file}.part`, file);
}

process.on('SIGUSR2', () => void toggle());
