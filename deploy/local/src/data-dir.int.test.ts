import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@darkroom/platform';
import { makeDataDir } from './data-dir.js';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-data-dir-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('is made with its parents, for its owner alone, and found when it is there', () => {
  const path = join(folder, 'a', 'b');
  expect(makeDataDir(path)).toBe(makeDataDir(path));
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

it('that cannot be made is refused in one line that names the setting', () => {
  writeFileSync(join(folder, 'a file'), '');
  // Node's own recursive mkdir never returns from the first.
  for (const path of ['/proc/darkroom/data', join(folder, 'a file', 'below it')]) {
    expect(() => makeDataDir(path)).toThrow(ConfigError);
    expect(() => makeDataDir(path)).toThrow(/^DATA_DIR [^\n]* cannot be made or written to \(E[A-Z]+\)$/);
  }
});
