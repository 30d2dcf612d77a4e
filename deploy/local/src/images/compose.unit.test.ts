import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSettings, type SettingName, settings } from '@darkroom/platform';
import { DCLinter } from 'dclint';
import { parse } from 'yaml';
import { z } from 'zod';

const folder = fileURLToPath(new URL('../../../compose/', import.meta.url));
const text = readFileSync(`${folder}compose.yaml`, 'utf8');
const service = z.object({
  image: z.string().optional(),
  build: z.object({ target: z.string() }).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  read_only: z.boolean().optional(),
  ports: z.array(z.string()).optional(),
});
const { services } = z.object({ services: z.record(z.string(), service) }).parse(parse(text, { merge: true }));
const own = Object.entries(services).filter(([, { build }]) => build !== undefined);

/** As `.env` would have them. */
const example = Object.fromEntries(
  readFileSync(`${folder}.env.example`, 'utf8')
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);
const filledIn = (value: string | number): string =>
  String(value).replaceAll(/\$\{(\w+)\}/g, (_, name: string) => example[name] ?? `<${name} is not in .env>`);

describe('the compose file', () => {
  it('is well formed', () => {
    const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [], stylistic: false } as never);
    const found = linter.lintFiles([`${folder}compose.yaml`], false).flatMap(({ messages }) => messages);
    const errors = found.filter(({ type }) => type === 'error');
    expect(errors.map(({ line, message }) => `${line}: ${message}`)).toEqual([]);
  });

  it('tells every service of ours settings that it reads, with values that it takes', () => {
    expect(own.length).toBeGreaterThanOrEqual(8);
    for (const [name, { environment = {} }] of own) {
      const env = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, filledIn(value)]));
      expect([name, Object.keys(env).filter((key) => !(key in settings))]).toEqual([name, []]);
      expect(() => readSettings(Object.keys(env) as SettingName[], env)).not.toThrow();
      expect(JSON.stringify(env)).not.toContain('is not in .env');
    }
  });

  it('has a target for each, none of them writes to its root, and nothing listens but on this machine', () => {
    for (const [name, { build, read_only: readOnly }] of own)
      expect([name, build?.target, readOnly]).toEqual([name, name, true]);
    for (const { ports = [] } of Object.values(services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('pins what is not ours', () => {
    for (const { image } of Object.values(services))
      if (image !== undefined) expect(image).toMatch(/:\d+\.\d+(\.\d+)?(-\w+)?$/);
  });
});
