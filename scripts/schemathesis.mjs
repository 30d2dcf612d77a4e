import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashOfText, root } from './installed.mjs';

/**
 * Installs Schemathesis into a virtual environment outside of the checkout, once per list of requirements, and prints the Python
 * that runs it (`-m schemathesis.cli`). Wheels only: building a package would run somebody else's code as this user.
 */
function ensureSchemathesis() {
  const requirements = join(root, 'scripts', 'schemathesis-requirements.txt');
  const cache = process.env.DARKROOM_CACHE ?? join(homedir(), '.cache', 'darkroom');
  const folder = join(cache, `schemathesis-${hashOfText(readFileSync(requirements, 'utf8')).slice(0, 16)}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    // Made elsewhere and moved, so that one that was cut off, or made twice at once, is never used.
    const fresh = `${folder}.${process.pid}`;
    must('python3', ['-m', 'venv', fresh]);
    const install = 'install --quiet --disable-pip-version-check --no-deps --only-binary :all:'.split(' ');
    must(join(fresh, 'bin', 'python'), ['-m', 'pip', ...install, '--requirement', requirements]);
    try {
      renameSync(fresh, folder);
    } catch (error) {
      rmSync(fresh, { recursive: true });
      if (!existsSync(folder)) throw error;
    }
  }
  return join(folder, 'bin', 'python');
}

function must(command, args) {
  // Standard output is for the path alone.
  const done = spawnSync(command, args, { stdio: ['ignore', 2, 'inherit'] });
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? `code ${done.status}`}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.stdout.write(`${ensureSchemathesis()}\n`);
