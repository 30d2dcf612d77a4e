import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './index.js';
import { exists, startTime } from './live-process.js';
import { tryPort } from './free-port.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const isRoot = process.getuid?.() === 0;

async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(20);
  }
}

async function ask<T>(url: string, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
  try {
    return await run(sql);
  } finally {
    await sql.end();
  }
}

/** A process of its own that starts the built package and prints what it got. */
function startInChild(
  dataDir: string,
  user: { uid?: number; gid?: number } = {},
): Promise<{ child: ChildProcess; pid: number; url: string }> {
  const program = `
    import { startEmbeddedPostgres } from '@darkroom/embedded-postgres';
    const started = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} });
    console.log(JSON.stringify({ pid: started.pid, url: started.url }));
    setInterval(() => undefined, 1000);
    process.on('SIGTERM', async () => { await started.stop(); process.exit(0); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(repository, 'packages/embedded-postgres'),
    ...user,
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('exit', (code) => reject(new Error(`child ended with ${code}: ${said}`)));
    child.stdout.once('data', (chunk: Buffer) =>
      resolve({ child, ...(JSON.parse(chunk.toString()) as { pid: number; url: string }) }),
    );
  });
}

const children: ChildProcess[] = [];
const running: EmbeddedPostgres[] = [];
let scratch: string;

beforeAll(() => {
  const build = spawnSync(
    process.execPath,
    [join(repository, 'node_modules/ts7/bin/tsc'), '-b', 'packages/embedded-postgres'],
    { cwd: repository, encoding: 'utf8' },
  );
  expect(build.stdout).toBe('');
});
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'embedded-postgres-test-'));
  chmodSync(scratch, 0o755);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

async function start(dataDir: string, options: { leftoverWaitMs?: number } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, ...options });
  running.push(server);
  return server;
}

it('keeps data, port and passwords over a restart, and leaves no process behind', async () => {
  const first = await start(join(scratch, 'data'));
  await ask(first.ownerUrl, (sql) => sql`CREATE TABLE public.kept AS SELECT 1 AS n`);
  const { pid } = first;
  await first.stop();
  expect(exists(pid)).toBe(false);

  const second = await start(join(scratch, 'data'));
  expect(second.url).toBe(first.url);
  expect(await ask(second.ownerUrl, (sql) => sql`SELECT n FROM public.kept`)).toEqual([{ n: 1 }]);
});

it('has logins that are what their groups are, and no right to make anything', async () => {
  const server = await start(join(scratch, 'data'));
  await ask(server.ownerUrl, (sql) =>
    sql.unsafe(`
      CREATE SCHEMA shop; CREATE TABLE shop.items (id bigint GENERATED ALWAYS AS IDENTITY);
      GRANT USAGE ON SCHEMA shop TO darkroom_worker, darkroom_api;
      GRANT INSERT ON shop.items TO darkroom_worker; GRANT SELECT ON shop.items TO darkroom_api`),
  );
  await ask(server.url, (sql) => sql`INSERT INTO shop.items DEFAULT VALUES`);
  await expect(ask(server.url, (sql) => sql`SELECT * FROM shop.items`)).rejects.toMatchObject({
    code: '42501',
  });
  expect(await ask(server.apiUrl, (sql) => sql`SELECT * FROM shop.items`)).toHaveLength(1);
  await expect(ask(server.apiUrl, (sql) => sql`INSERT INTO shop.items DEFAULT VALUES`)).rejects.toMatchObject(
    {
      code: '42501',
    },
  );
  await expect(ask(server.url, (sql) => sql`CREATE TABLE shop.mine ()`)).rejects.toMatchObject({
    code: '42501',
  });
  expect((await ask(server.superuserUrl, (sql) => sql`SHOW fsync`))[0]).toEqual({ fsync: 'on' });
});

it('takes another port when the kept one is in use by a stranger', async () => {
  const first = await start(join(scratch, 'data'));
  const port = Number(new URL(first.url).port);
  await first.stop();
  const { createServer } = await import('node:net');
  const stranger = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve) => stranger.once('listening', resolve));
  const second = await start(join(scratch, 'data'));
  expect(new URL(second.url).port).not.toBe(String(port));
  stranger.close();
});

it('refuses a database that another living process owns', async () => {
  await start(join(scratch, 'data'));
  await expect(startEmbeddedPostgres({ dataDir: join(scratch, 'data') })).rejects.toMatchObject({
    code: 'data_in_use',
  });
});

it('stops within 10 s of a kill -9 of its parent, and starts again on the same data', async () => {
  const dataDir = join(scratch, 'data');
  mkdirSync(dataDir);
  const { child, pid, url } = await startInChild(dataDir);
  expect(exists(pid)).toBe(true);
  child.kill('SIGKILL');
  await until(
    'the orphaned server stops',
    async () => startTime(pid) === undefined && (await tryPort(Number(new URL(url).port))) !== undefined,
  );
  const next = await start(dataDir);
  expect(next.url).toBe(url);
});

it('replaces a server whose parent and guard are both gone', async () => {
  const dataDir = join(scratch, 'data');
  mkdirSync(dataDir);
  const { child, pid } = await startInChild(dataDir);
  const guards = spawnSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .stdout.split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, parent, ...args]) => parent === String(child.pid) && args.includes('darkroom-postgres-guard'),
    );
  expect(guards).toHaveLength(1);
  const guard = Number(guards[0]?.[0]);
  process.kill(guard, 'SIGSTOP');
  child.kill('SIGKILL');
  await until('the parent is dead', () => startTime(child.pid ?? 0) === undefined);
  process.kill(guard, 'SIGKILL');
  expect(startTime(pid)).toBeDefined();
  const next = await start(dataDir, { leftoverWaitMs: 100 });
  expect(startTime(pid)).toBeUndefined();
  expect(await ask(next.url, (sql) => sql`SELECT 1 AS n`)).toEqual([{ n: 1 }]);
});

it('starts a crashed server again on the same port', async () => {
  const server = await start(join(scratch, 'data'));
  const { pid } = server;
  process.kill(pid, 'SIGKILL');
  await until('another server runs', () => server.pid !== pid, 20_000);
  expect(await ask(server.url, (sql) => sql`SELECT 1 AS n`)).toEqual([{ n: 1 }]);
});

it('survives Ctrl-C in the terminal: a signal to the parent group reaches neither server nor guard', async () => {
  const server = await start(join(scratch, 'data'));
  const group = spawnSync('ps', ['-o', 'sid=', '-p', String(server.pid)], { encoding: 'utf8' }).stdout.trim();
  expect(group).toBe(String(server.pid));
});

if (isRoot)
  describe('as root', () => {
    it('runs as another user, below a DATA_DIR that this user cannot reach', async () => {
      const closed = join(scratch, 'closed');
      mkdirSync(closed, { mode: 0o700 });
      const dataDir = join(closed, 'data');
      const first = await start(dataDir);
      const place = readFileSync(join(dataDir, 'postgres.path'), 'utf8').trim();
      expect(place).not.toContain(scratch);
      expect(
        spawnSync('ps', ['-o', 'uid=', '-p', String(first.pid)], { encoding: 'utf8' }).stdout.trim(),
      ).not.toBe('0');
      await ask(first.ownerUrl, (sql) => sql`CREATE TABLE public.kept AS SELECT 1 AS n`);
      await first.stop();
      const second = await start(dataDir);
      expect(await ask(second.ownerUrl, (sql) => sql`SELECT n FROM public.kept`)).toEqual([{ n: 1 }]);
      await second.stop();
      expect(existsSync(place)).toBe(true);
      rmSync(join(place, '..'), { recursive: true });
    });

    it('lets that user through a DATA_DIR that only root may enter, and nobody else', async () => {
      const dataDir = join(scratch, 'data');
      mkdirSync(dataDir, { mode: 0o700 });
      const server = await start(dataDir);
      expect(await ask(server.url, (sql) => sql`SELECT 1 AS n`)).toEqual([{ n: 1 }]);
      expect(existsSync(join(dataDir, 'postgres', 'PG_VERSION'))).toBe(true);
      expect(existsSync(join(dataDir, 'postgres.path'))).toBe(false);
      expect(statSync(dataDir).mode & 0o777).toBe(0o710);
    });

    it('carries on as the ordinary user who made the data', async () => {
      const dataDir = join(scratch, 'data');
      mkdirSync(dataDir);
      const nobody = Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout);
      chownSync(dataDir, nobody, nobody);
      const { child, url } = await startInChild(dataDir, { uid: nobody, gid: nobody });
      await ask(url, (sql) => sql`SELECT 1`);
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
      const second = await start(dataDir);
      expect(
        spawnSync('ps', ['-o', 'uid=', '-p', String(second.pid)], { encoding: 'utf8' }).stdout.trim(),
      ).toBe(String(nobody));
    });
  });
