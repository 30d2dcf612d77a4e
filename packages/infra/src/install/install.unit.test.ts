import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfraError } from '../errors.js';
import { startKafka } from '../run/kafka.js';
import { cacheFolder } from './cache.js';
import { install, refuseWithoutTools } from './install.js';
import type { Part } from './part.js';
import { java, type Tool } from './tool.js';

let cache: string;
beforeEach(() => void (cache = mkdtempSync(join(tmpdir(), 'darkroom-cache-'))));
afterEach(() => rmSync(cache, { recursive: true }));

const said: string[] = [];
const say = (line: string): void => void said.push(line);
const part = (put: Part['install'], more: Partial<Part> = {}): Part => ({
  name: 'kafka',
  version: '1',
  what: 'a test',
  needs: [],
  instead: 'KAFKA_BROKERS',
  install: put,
  ...more,
});
const putFile = async (folder: string): Promise<void> => writeFileSync(join(folder, 'file'), 'x');
const whole = part(putFile);

it('a part is there when it is whole, and is got once', async () => {
  const folder = await install(whole, { cache, say });
  expect(existsSync(join(folder, 'file'))).toBe(true);
  const never = part(async () => Promise.reject(new Error('again')));
  expect(await install(never, { cache, say })).toBe(folder);
});

it('one that fails half way is not there, leaves nothing behind, and says what else there is', async () => {
  const half = part(async (folder) => {
    writeFileSync(join(folder, 'half'), 'x');
    throw new Error('the network is down');
  });
  const error: unknown = await install(half, { cache, say }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InfraError);
  expect(error).toMatchObject({ code: 'install_failed', facts: { part: 'kafka' } });
  expect(String(error)).toContain('the network is down, or set KAFKA_BROKERS to one of your own');
  expect(readdirSync(cache)).toEqual([]);
  await install(whole, { cache, say });
  expect(readdirSync(cache)).toEqual(['kafka-1']);
});

it('two that get it at once do not disturb each other', async () => {
  const slow = part(async (folder) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    writeFileSync(join(folder, 'file'), 'x');
  });
  const folders = await Promise.all([install(slow, { cache, say }), install(slow, { cache, say })]);
  expect(new Set(folders).size).toBe(1);
  expect(readdirSync(cache)).toEqual(['kafka-1']);
});

it('what is missing is named with its package and the setting that points to one’s own', () => {
  const absent: Tool = { ...java, program: 'no-such-java' };
  const old: Tool = { ...java, atLeast: 9_999 };
  expect(() => refuseWithoutTools(part(putFile, { needs: [absent] }))).toThrow(
    'kafka: Java 17 is needed and `no-such-java` is not on the PATH (Debian: openjdk-17-jre-headless), or set KAFKA_BROKERS to one of your own',
  );
  expect(() => refuseWithoutTools(part(putFile, { needs: [old] }))).toThrow('`java` is older');
});

it('a server whose part was never got says how to get it', async () => {
  const before = process.env['DARKROOM_CACHE'];
  process.env['DARKROOM_CACHE'] = cache;
  try {
    await expect(startKafka()).rejects.toMatchObject({
      code: 'not_installed',
      message: 'kafka is not there: run `npm run infra -- kafka`, or set KAFKA_BROKERS to one of your own',
    });
  } finally {
    if (before === undefined) delete process.env['DARKROOM_CACHE'];
    else process.env['DARKROOM_CACHE'] = before;
  }
});

it('the cache is outside of the checkout, and where one wants it', () => {
  expect(cacheFolder({ DARKROOM_CACHE: '/somewhere' })).toBe('/somewhere');
  expect(cacheFolder({})).toMatch(/\.cache\/darkroom$/);
});
