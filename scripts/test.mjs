import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { ensureBuilt } from './build.mjs';
import { refuse, root, run, say } from './installed.mjs';

const debianPostgres = '/usr/lib/postgresql/15/bin';

/** Programs of the system that the tests use, and the Debian package that brings each. */
const systemPrograms = [
  { package: 'chromium', isThere: () => existsSync('/usr/bin/chromium') },
  // The oldest Postgres that is supported, and the tools that operators dump and restore with.
  { package: 'postgresql-15', isThere: () => existsSync(`${debianPostgres}/postgres`) },
  // Runs Schemathesis, which makes requests from the API's document.
  {
    package: 'python3-venv',
    isThere: () => spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0,
  },
];

/** What runs a second time, on Debian's Postgres: all that is about Postgres in these packages. */
const onPostgres = [
  ...['event-store', 'work-table', 'read-models'].map((name) => `packages/${name}/src/.*int`),
  'packages/event-bus/src/[^/]*int',
  'packages/event-bus/src/kafka/kafka.int',
  'services/provider-gateway/src/adapters/.*int',
];

const install = 'apt-get install -y --no-install-recommends';

function ensureSystemPrograms() {
  const missing = systemPrograms.filter((program) => !program.isThere()).map((program) => program.package);
  if (missing.length === 0) return;
  const command = [
    'apt-get update',
    // Installing a server must not start one: it would listen where somebody else's does.
    ...(missing.includes('postgresql-15')
      ? [
          `${install} postgresql-common`,
          "echo 'create_main_cluster = false' >> /etc/postgresql-common/createcluster.conf",
        ]
      : []),
    `${install} ${missing.join(' ')}`,
  ].join(' && ');
  if (process.getuid?.() !== 0) refuse(`the tests need ${missing.join(', ')}; as root: ${command}`);
  say(`installing system packages: ${missing.join(', ')} …`);
  const code = run('sh', ['-c', command], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (code !== 0) refuse(`could not install them; the command was: ${command}`);
}

/** What failed, by name, with the first lines of why: whoever has only the end of a long report needs these. */
function failuresOf(results) {
  // The lines of a message are cut, not the count of failures: all of them are told.
  const why = (text) =>
    stripVTControlCharacters(text ?? '')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(0, 6)
      .map((line) => `\n      ${line.trim().slice(0, 200)}`)
      .join('');
  return results.testResults.flatMap((suite) => {
    const name = suite.name.replace(`${root}/`, '');
    const tests = suite.assertionResults.filter(({ status }) => status === 'failed');
    if (suite.status === 'failed' && tests.length === 0) return [`${name}${why(suite.message)}`];
    return tests.map((test) => `${name} › ${test.fullName}${why(test.failureMessages[0])}`);
  });
}

/** Prints what each suite took and what failed. @returns the counts, and what failed */
function report(file) {
  const results = JSON.parse(readFileSync(file, 'utf8'));
  const rows = results.testResults
    .map((suite) => ({
      name: suite.name.replace(`${root}/`, ''),
      seconds: (suite.endTime - suite.startTime) / 1000,
      status: suite.status,
    }))
    .sort((a, b) => b.seconds - a.seconds);
  say('time per suite, in seconds:');
  for (const row of rows)
    process.stdout.write(
      `${row.seconds.toFixed(1).padStart(8)}  ${row.status === 'passed' ? '' : 'FAILED '}${row.name}\n`,
    );
  // A suite that could not even load has no failed test of its own, but failed all the same.
  const brokenSuites = results.numRuntimeErrorTestSuites;
  if (results.numPendingTests > 0)
    say(`${results.numPendingTests} tests were skipped, which counts as failed`);
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + brokenSuites + results.numPendingTests,
    failures: failuresOf(results),
  };
}

/** Runs jest and reports. @returns the counts, and whether jest itself was content */
function runJest(args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-test-'));
  const output = join(folder, 'results.json');
  const code = run(
    process.execPath,
    ['node_modules/jest/bin/jest.js', '--json', `--outputFile=${output}`, ...args],
    {
      env: {
        ...process.env,
        NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
        ...env,
      },
      // --json would repeat everything on standard output; the human report goes to standard error.
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  if (!existsSync(output)) refuse(`jest ended with code ${code} and left no results`);
  const counts = report(output);
  rmSync(folder, { recursive: true });
  return { ...counts, isContent: code === 0 };
}

/** Real servers, where a suite that is to run starts one: fetched once, into the cache. */
function ensureParts(args) {
  const listed = spawnSync(process.execPath, ['node_modules/jest/bin/jest.js', '--listTests', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' },
  });
  const suites = listed.stdout.split('\n').filter((path) => path.endsWith('.test.ts'));
  const text = suites.map((path) => readFileSync(path, 'utf8')).join('\n');
  const wanted = [
    ...(/\b(startKafka|KafkaWorld|fullLauncher|runChaos|ChaosWorld)\b|create\('kafka'\)/.test(text)
      ? ['kafka']
      : []),
    ...(/\b(startS3|fullLauncher|runChaos|ChaosWorld)\b/.test(text) ? ['s3'] : []),
    ...(/\b(runChaos|ChaosWorld)\b/.test(text) ? ['toxiproxy'] : []),
    ...(/\bstartCogServer\b/.test(text) ? ['cog'] : []),
    ...(/\bstartComfyProxy\b/.test(text) ? ['comfy-proxy'] : []),
    ...(/\bstartJaeger\b/.test(text) ? ['jaeger'] : []),
  ];
  if (wanted.length === 0) return;
  const code = run(process.execPath, ['packages/infra/dist/main.js', ...wanted]);
  if (code !== 0) refuse('these tests need real servers that could not be had; the reason is above');
}

ensureSystemPrograms();
ensureBuilt();
const args = process.argv.slice(2);
ensureParts(args);
const runs = [runJest(args)];
if (args.length === 0) {
  say(`once more what speaks to Postgres itself, on the oldest that is supported: ${debianPostgres}`);
  runs.push(runJest(onPostgres, { DARKROOM_TEST_POSTGRES: debianPostgres }));
}
const sum = (of) => runs.reduce((total, counts) => total + of(counts), 0);
const counts = { passed: sum(({ passed }) => passed), failed: sum(({ failed }) => failed) };
if (process.env.DARKROOM_TEST_COUNTS) writeFileSync(process.env.DARKROOM_TEST_COUNTS, JSON.stringify(counts));
for (const failure of runs.flatMap(({ failures }) => failures)) say(`failed: ${failure}`);
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
const isContent = runs.every((one) => one.isContent);
process.exit(isContent && counts.failed === 0 && counts.passed > 0 ? 0 : 1);
