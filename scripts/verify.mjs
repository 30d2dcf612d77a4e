import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled, run, say } from './installed.mjs';

/** What must hold besides the tests. Each counts as one in the closing line. */
const checks = [
  { name: 'format', command: ['npm', 'run', '--silent', 'format:check'] },
  { name: 'types', command: ['npm', 'run', '--silent', 'types'] },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'import boundaries', command: ['npm', 'run', '--silent', 'boundaries'] },
  { name: 'dead code', command: ['npm', 'run', '--silent', 'deadcode'] },
  { name: 'contract lint', command: ['npm', 'run', '--silent', 'proto:lint'] },
  { name: 'contract not broken', command: ['npm', 'run', '--silent', 'proto:breaking'] },
  { name: 'generated contract is current', command: ['node', 'scripts/contract-is-current.mjs'] },
  { name: 'words that do not belong here', command: ['node', 'scripts/no-stray-words.mjs'] },
  { name: 'a picture on Node 24', command: ['node', 'scripts/smoke-node-24.mjs'] },
];

ensureInstalled();
// Before the checks: a script that imports what is built is only judged as it runs once that is there.
ensureBuilt();
let passed = 0;
const failed = [];
for (const check of checks) {
  const [command = '', ...args] = check.command;
  const started = Date.now();
  const ok = run(command, args) === 0;
  say(`${ok ? 'ok    ' : 'FAILED'} ${check.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (ok) passed += 1;
  else failed.push(check.name);
}

const folder = mkdtempSync(join(tmpdir(), 'darkroom-verify-'));
const countsFile = join(folder, 'counts.json');
const testCode = run('npm', ['test', '--silent'], {
  env: { ...process.env, DARKROOM_TEST_COUNTS: countsFile },
});
const tests = existsSync(countsFile)
  ? JSON.parse(readFileSync(countsFile, 'utf8'))
  : { passed: 0, failed: 1 };
rmSync(folder, { recursive: true });
const failures = failed.length + Math.max(tests.failed, testCode === 0 ? 0 : 1);
for (const name of failed) say(`failed check: ${name}`);
process.stdout.write(`${passed + tests.passed} passed, ${failures} failed\n`);
process.exitCode = failures === 0 ? 0 : 1;
