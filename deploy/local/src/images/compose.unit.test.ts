import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArtifactConfig } from '@darkroom/artifact';
import { readControlPlaneConfig } from '@darkroom/control-plane';
import { parts } from '@darkroom/infra';
import { readIntakeConfig } from '@darkroom/intake';
import { readSettings, type SettingName, settings } from '@darkroom/platform';
import { readProjectionsConfig } from '@darkroom/projections';
import { readProviderGatewayConfig } from '@darkroom/provider-gateway';
import { readRelayConfig } from '@darkroom/relay';
import { parse } from 'yaml';
import { z } from 'zod';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = `${root}deploy/compose/`;
const text = readFileSync(`${folder}compose.yaml`, 'utf8');
const service = z.object({
  image: z.string().optional(),
  build: z.object({ target: z.string() }).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  read_only: z.boolean().optional(),
  ports: z.array(z.string()).optional(),
});
const { services } = z
  .object({ services: z.record(z.string(), service) })
  .parse(parse(text, { merge: true }));
const own = Object.entries(services).filter(([, { build }]) => build !== undefined);

/** What dclint prints, of one file; a file that it did not read would be none. */
const findings = z
  .array(z.object({ messages: z.array(z.object({ type: z.string(), message: z.string() })) }))
  .length(1);

/** As `.env` would have them. */
const example = Object.fromEntries(
  readFileSync(`${folder}.env.example`, 'utf8')
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);
/** Each service's own look at its environment: it refuses one that lacks what it needs. */
const readers: Readonly<Record<string, (env: Record<string, string>) => unknown>> = {
  artifact: readArtifactConfig,
  'control-plane': readControlPlaneConfig,
  intake: readIntakeConfig,
  projections: readProjectionsConfig,
  'provider-gateway': readProviderGatewayConfig,
  relay: readRelayConfig,
};
const filledIn = (value: string | number): string =>
  String(value).replaceAll(/\$\{(\w+)\}/g, (_, name: string) => example[name] ?? `<${name} is not in .env>`);

describe('the compose file', () => {
  it('is one by its schema, and one that is not is told', () => {
    const broken = join(mkdtempSync(join(tmpdir(), 'darkroom-compose-')), 'compose.yaml');
    writeFileSync(broken, text.replace('read_only: true', 'read_olny: true'));
    // As JSON: its lines for people have colours in them where FORCE_COLOR is set.
    const errors = (file: string): string[] => {
      const { stdout } = spawnSync('node_modules/.bin/dclint', ['-f', 'json', file], {
        encoding: 'utf8',
        cwd: root,
      });
      return findings
        .parse(JSON.parse(stdout))
        .flatMap(({ messages }) => messages.filter(({ type }) => type === 'error'))
        .map(({ message }) => message);
    };
    expect(errors(`${folder}compose.yaml`)).toEqual([]);
    expect(errors(broken).join()).toContain('additional properties');
    rmSync(dirname(broken), { recursive: true });
  });

  it('tells every service of ours settings that it reads, with values that it takes', () => {
    expect(own.length).toBeGreaterThanOrEqual(8);
    for (const [name, { environment = {} }] of own) {
      const env = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, filledIn(value)]),
      );
      expect([name, Object.keys(env).filter((key) => !(key in settings))]).toEqual([name, []]);
      expect(() => readSettings(Object.keys(env) as SettingName[], env)).not.toThrow();
      expect(JSON.stringify(env)).not.toContain('is not in .env');
    }
  });

  it.each(Object.entries(readers))('tells %s all that it needs', (name, read) => {
    const environment = services[name]?.environment ?? {};
    const env = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, filledIn(value)]));
    expect(() => read(env)).not.toThrow();
    const { DATABASE_URL: _, ...without } = env;
    expect(() => read(without)).toThrow(/DATABASE_URL/);
  });

  it('has a target for each, none of them writes to its root, and nothing listens but on this machine', () => {
    for (const [name, { build, read_only: readOnly }] of own)
      expect([name, build?.target, readOnly]).toEqual([name, name, true]);
    for (const { ports = [] } of Object.values(services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('has the versions of Kafka and S3 that the tests run on', () => {
    expect(services['kafka']?.image).toBe(`apache/kafka:${parts.kafka.version}`);
    expect(services['s3']?.image).toBe(`chrislusf/${parts.s3.version.replace('-', ':')}`);
  });

  it('pins what is not ours', () => {
    for (const { image } of Object.values(services))
      if (image !== undefined) expect(image).toMatch(/:\d+\.\d+(\.\d+)?(-\w+)?$/);
  });
});
