import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePorts } from './darkroom-process.js';
import { ownEnvironment } from '@darkroom/platform/testing';

/** Runs a built command to its end, on ports that nobody else has unless the settings name some. */
export async function runToEnd(
  script: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> {
  const child = spawn(process.execPath, [script], {
    env: { ...ownEnvironment(), ...freePorts, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode ?? -1, out, errors };
}
