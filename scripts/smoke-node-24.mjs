import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureBuilt } from './build.mjs';
import { refuse, root, say } from './installed.mjs';

/** The Node that production should run on: what was built is started with it, asked for a picture, and stopped. */
const version = '24.22.3';
const readyWithinMs = 60_000;

function nodeBinary() {
  const folder = join(process.env.DARKROOM_CACHE || join(homedir(), '.cache', 'darkroom'), `node-${version}`);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const binary = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  say(`fetching Node ${version} …`);
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
  const done = spawnSync('npm', [...args, `${name}@${version}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (done.status !== 0 || !existsSync(binary)) refuse(`Node ${version} could not be had`);
  return binary;
}

async function readyFile(dataDir, child) {
  const end = Date.now() + readyWithinMs;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    try {
      return JSON.parse(readFileSync(join(dataDir, 'ready.json'), 'utf8'));
    } catch {
      await pause(100);
    }
  }
  throw new Error('it was not ready in time');
}

async function picture({ intake, demo_key: key }) {
  const answer = await fetch(`${intake}/v1/generations`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': 'smoke',
      prefer: 'wait=30',
    },
    body: JSON.stringify({ prompt: 'a red bicycle in the rain' }),
  });
  const { data } = await answer.json();
  if (answer.status !== 200 || data.status !== 'succeeded')
    throw new Error(`the request ended as ${answer.status} ${data?.status}`);
  const bytes = Buffer.from(await (await fetch(`${intake}${data.artifacts[0].content_url}`)).arrayBuffer());
  if (bytes.subarray(1, 4).toString() !== 'PNG') throw new Error('what came is no PNG');
  return bytes.length;
}

ensureBuilt();
const binary = nodeBinary();
const said = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();
if (said !== `v${version}`) refuse(`that is ${said}, not Node ${version}`);
const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-smoke-'));
const child = spawn(binary, [join(root, 'deploy/local/dist/main.js')], {
  env: {
    ...process.env,
    NODE_OPTIONS: '',
    DATA_DIR: dataDir,
    INTAKE_PORT: '0',
    CONTROL_PLANE_PORT: '0',
    SIMULATOR_PORT: '0',
  },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const gone = new Promise((resolve) => child.once('exit', resolve));
try {
  const bytes = await picture(await readyFile(dataDir, child));
  child.kill('SIGTERM');
  const code = await gone;
  if (code !== 0) throw new Error(`it ended with code ${code}`);
  say(`Node ${version}: a picture of ${bytes} bytes, and an end in order`);
} catch (error) {
  process.stderr.write(`darkroom: on Node ${version}: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  child.kill('SIGKILL');
  await gone;
  rmSync(dataDir, { recursive: true, force: true });
}
