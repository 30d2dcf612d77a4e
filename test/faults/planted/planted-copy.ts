import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** One replacement in a built file; what is looked for stands there exactly once. */
export interface Change {
  /** Below the checkout. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The built product as it would be with a mistake in it. */
export interface PlantedCopy {
  /** Launcher of the copy. */
  readonly program: string;
  remove(): void;
}

/** A workspace imports another by its name: the names lead to the copies, all others to what is installed here. */
function linkModules(to: string): void {
  const modules = join(to, 'node_modules');
  mkdirSync(join(modules, '@darkroom'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === '@darkroom' || name === '.bin') continue;
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const folder of workspaces()) {
    const { name } = JSON.parse(readFileSync(join(to, folder, 'package.json'), 'utf8')) as { name: string };
    symlinkSync(join(to, folder), join(modules, '@darkroom', basename(name)));
    const own = join(root, folder, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(to, folder, 'node_modules'));
  }
}

const workspaces = (): string[] => [
  'proto',
  'deploy/local',
  'test/simulator',
  'web',
  ...['packages', 'services'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .map((name) => `${folder}/${name}`)
      .filter((path) => existsSync(join(root, path, 'package.json'))),
  ),
];

/**
 * Copies what was built and changes it.
 * @throws Error where a change does not fit any more
 */
export function plantedCopy(changes: readonly Change[]): PlantedCopy {
  const to = mkdtempSync(join(tmpdir(), 'darkroom-planted-'));
  for (const folder of workspaces())
    cpSync(join(root, folder), join(to, folder), {
      recursive: true,
      filter: (path) => !['node_modules', 'src'].includes(basename(path)),
    });
  linkModules(to);
  for (const { file, find, replace } of changes) {
    const path = join(to, file);
    const text = readFileSync(path, 'utf8');
    const places = text.split(find).length - 1;
    if (places !== 1) throw new Error(`${file}: found ${places} times: ${find}`);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
  return {
    program: join(to, 'deploy/local/dist/full/main.js'),
    remove: () => rmSync(to, { recursive: true, force: true }),
  };
}
