import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { validate } from 'dockerfile-utils';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const text = readFileSync(`${root}deploy/images/Dockerfile`, 'utf8');
const lines = text.split('\n');

/** The stages, each with its lines. */
const stages = new Map<string, { readonly from: string; readonly lines: string[] }>();
for (const line of lines) {
  const begins = /^FROM (\S+) AS (\S+)$/.exec(line);
  if (begins) stages.set(begins[2] ?? '', { from: begins[1] ?? '', lines: [] });
  else [...stages.values()].at(-1)?.lines.push(line);
}

describe('the images', () => {
  it('are well formed', () => {
    expect(
      validate(text).map(({ message, range }) => `${range.start.line + 1}: ${JSON.stringify(message)}`),
    ).toEqual([]);
    expect(validate('FORM node').length).toBeGreaterThan(0);
  });

  it('are there for every service, and each starts a program that is built', () => {
    const services = readdirSync(`${root}services`).filter((name) =>
      existsSync(`${root}services/${name}/src/main.ts`),
    );
    expect([...stages.keys()].filter((name) => name !== 'build' && name !== 'base').toSorted()).toEqual(
      [...services, 'simulator', 'setup'].toSorted(),
    );
    for (const [name, { from, lines: own }] of stages) {
      if (name === 'build' || name === 'base') continue;
      expect([name, from]).toEqual([name, 'base']);
      const program = /^CMD \["node", "(\S+)"\]$/m.exec(own.join('\n'))?.[1] ?? '';
      const source = program.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
      expect([name, existsSync(`${root}${source}`)]).toEqual([name, true]);
    }
  });

  it('run as nobody special, on a Node that is pinned, and with nothing of the build but what runs', () => {
    expect(stages.get('base')?.lines).toContain('USER node');
    // Where a stage becomes root, it does not stay so.
    for (const { lines: own } of stages.values())
      expect(own.findLast((line) => line.startsWith('USER ')) ?? 'USER node').toBe('USER node');
    expect(/^ARG NODE=(.*)$/m.exec(text)?.[1]).toMatch(/^\d+\.\d+\.\d+-[a-z-]+$/);
    expect(stages.get('base')?.from).toBe(stages.get('build')?.from);
    // In a file of its own beside the Dockerfile: what is installed and built here stays here.
    const ignored = readFileSync(`${root}deploy/images/Dockerfile.dockerignore`, 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['**/node_modules', '**/dist', '.git', '**/.env*']));
  });
});
