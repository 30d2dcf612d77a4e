import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { getBytes, getGeneration, isFinal, readLedger, setFaults, tryCreate } from '../faults/client.js';
import { DarkroomProcess, launcher } from '../faults/darkroom-process.js';
import { runToEnd } from '../faults/run-to-end.js';
import { until } from '../faults/until.js';

const started: DarkroomProcess[] = [];
function darkroom(env: Record<string, string> = {}): DarkroomProcess {
  const made = new DarkroomProcess(env);
  started.push(made);
  return made;
}
afterAll(async () => {
  for (const one of started) await one.dispose();
});

async function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });
}

describe('a first start', () => {
  it('prints a curl line that works as it stands: a verified picture', async () => {
    const here = darkroom();
    const ready = await here.start();
    const line = await until('the curl line', 10, async () => /^ {2}(curl .*)$/m.exec(here.printed)?.[1]);
    const { stdout } = await promisify(execFile)('sh', ['-c', line]);
    const { data } = JSON.parse(stdout) as { data: { id: string; status: string } };
    expect(data.status).toBe('succeeded');
    const [artifact] = (await getGeneration(ready, data.id)).artifacts;
    const bytes = await getBytes(ready, artifact?.content_url ?? '');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(artifact?.sha256);
    const picture = await sharp(bytes).stats();
    expect(picture.channels.length).toBeGreaterThanOrEqual(3);
    expect((await readLedger(ready)).map(({ charged_micros }) => charged_micros)).toEqual([40_000]);
  });

  it.each([
    ['INTAKE_PORT', { INTAKE_PORT: 'eighty' }],
    ['CONTROL_PLANE_PORT', { INTAKE_PORT: '18080', CONTROL_PLANE_PORT: '18080' }],
    ['KAFKA_BROKERS', { BUS: 'kafka' }],
    ['S3_BUCKET', { S3_ENDPOINT: 'http://127.0.0.1:9000' }],
    ['PROVIDERS_FILE', { PROVIDERS_FILE: '/nowhere/providers.json' }],
    ['DATA_DIR', { DATA_DIR: '/proc/darkroom' }],
    // Nothing listens on port 1.
    ['DATABASE_URL', { DATABASE_URL: 'postgres://someone@127.0.0.1:1/darkroom' }],
  ])('with a wrong setting ends in one clear line: %s', async (name, env) => {
    const { code, errors } = await runToEnd(launcher, { DATA_DIR: darkroom().dataDir, ...env });
    expect(code).toBe(1);
    expect(errors.trim()).toMatch(new RegExp(`^darkroom: [^\\n]*${name}[^\\n]*$`));
  });
});

describe('a data folder', () => {
  it('belongs to one Darkroom; a second one says so in one line, and the first goes on', async () => {
    const here = darkroom();
    const ready = await here.start();
    const { code, errors } = await runToEnd(launcher, { DATA_DIR: here.dataDir });
    expect(code).toBe(1);
    expect(errors.trim()).toMatch(/^darkroom: another Darkroom \(pid \d+\) is running on [^\n]+$/);
    expect(await tryCreate(ready, 'still-there', { prompt: 'still there' })).toBeDefined();
    await here.stop();
    expect(existsSync(join(here.dataDir, 'ready.json'))).toBe(false);
    expect(await listens(ready.database_url)).toBe(false);
  });

  it('is taken up again after kill -9: no Postgres stays behind, and what was acknowledged is finished, once', async () => {
    const here = darkroom();
    const before = await here.start();
    await setFaults(before, { job: { seconds: [3, 3] } });
    const id = (await tryCreate(before, 'interrupted', { prompt: 'interrupted' })) ?? '';
    await until('submitted', 10, async () => ((await readLedger(before)).length > 0 ? true : undefined));
    await here.kill();
    await until('no Postgres', 10, async () => ((await listens(before.database_url)) ? undefined : true));
    const after = await here.start();
    expect(after.demo_key).toBe(before.demo_key);
    const resource = await until('an end', 30, async () => {
      const seen = await getGeneration(after, id);
      return isFinal(seen) ? seen : undefined;
    });
    expect(resource.status).toBe('succeeded');
    expect((await readLedger(after)).filter((line) => line.charged_micros > 0)).toHaveLength(1);
  });
});
