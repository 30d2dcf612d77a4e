import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mendDrivers } from './mend-drivers.mjs';

/** The checkout's own folder, with no trailing slash. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** Prints one progress line; long silent work looks like a hang. */
export const say = (line) => process.stdout.write(`darkroom: ${line}\n`);

/** Ends the process with one line that says what is wrong and what to do. */
export function refuse(line) {
  process.stderr.write(`darkroom: ${line}\n`);
  process.exit(1);
}

/** Runs a command to its end in the checkout; its output is shown. @returns exit code */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error) refuse(`${command} could not be started: ${done.error.message}`);
  return done.status ?? 1;
}

export const hashOfText = (text) => createHash('sha256').update(text).digest('hex');

/** Refuses a Node that the dependencies do not run on. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    refuse(`Node.js 20.19 or newer is needed, this is ${process.versions.node}`);
  }
}

/** Installs what package-lock.json names, once per lock file: a stamp in node_modules remembers which. */
export function ensureInstalled() {
  requireNode();
  const wanted = hashOfText(readFileSync(join(root, 'package-lock.json')));
  const stamp = join(root, 'node_modules', '.darkroom-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    mendDrivers();
    return;
  }
  say('installing packages (once, about a minute) …');
  // Install scripts stay off: nothing here needs them, and they would be somebody else's code run as this user.
  const code = run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0) refuse('npm ci failed; its message is above');
  mendDrivers();
  writeFileSync(stamp, wanted);
}
