import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refuse, root, run } from './installed.mjs';

/** Generates the contract's code into a folder of its own and compares it with what is committed. */
const fresh = mkdtempSync(join(tmpdir(), 'darkroom-contract-'));
const code = run('npx', ['buf', 'generate', 'proto', '--template', 'proto/buf.gen.yaml', '--output', fresh]);
if (code !== 0) refuse('buf generate failed');
const files = readdirSync(join(fresh, 'proto/src/gen'), { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts'),
);
const stale = files.filter((name) => {
  try {
    return (
      readFileSync(join(root, 'proto/src/gen', name), 'utf8') !==
      readFileSync(join(fresh, 'proto/src/gen', name), 'utf8')
    );
  } catch {
    return true;
  }
});
rmSync(fresh, { recursive: true });
if (files.length === 0) refuse('nothing was generated');
if (stale.length > 0) refuse(`generated code is out of date (npm run proto:generate): ${stale.join(', ')}`);
