import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, hashOfText, refuse, root, run, say } from './installed.mjs';

const stampFile = join(root, '.build-stamp');
const skipped = new Set(['node_modules', 'dist', '.darkroom']);

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile() && !entry.name.endsWith('.test.ts')) yield path;
  }
}

const sourceFolders = [
  'proto/src',
  'packages',
  'services',
  'deploy',
  'test/simulator',
  'test/doubles',
  'bench/src',
  'web',
];
const sourceFiles = ['package-lock.json', 'tsconfig.base.json', 'tsconfig.build.json'];

/** One hash over everything that the build reads, so that an unchanged checkout is not built twice. */
function hashOfSources() {
  const paths = [
    ...sourceFiles.map((name) => join(root, name)),
    ...sourceFolders.flatMap((name) => [...filesUnder(join(root, name))]),
  ];
  return hashOfText(
    paths
      .map((path) => `${relative(root, path)} ${hashOfText(readFileSync(path))}`)
      .sort()
      .join('\n'),
  );
}

/** Builds all workspaces when a source has changed since the last build. */
export function ensureBuilt() {
  ensureInstalled();
  const wanted = hashOfSources();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  rmSync(stampFile, { force: true });
  say('building (once per change) …');
  if (run(process.execPath, ['node_modules/ts7/bin/tsc', '-b', 'tsconfig.build.json']) !== 0)
    refuse('the build failed');
  if (existsSync(join(root, 'web/vite.config.ts'))) {
    const vite = run(
      process.execPath,
      [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
      {
        cwd: join(root, 'web'),
      },
    );
    if (vite !== 0) refuse('the build of the web page failed');
  }
  writeFileSync(stampFile, wanted);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureBuilt();
