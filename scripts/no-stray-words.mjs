import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refuse, root } from './installed.mjs';

/** Committed files must not carry paths of one machine, skipped tests, or notes of things left undone. */
const rules = [
  {
    what: 'a path of one machine',
    pattern: new RegExp(String.raw`(^|[^\w./:-])/(${['work', 'farm', 'root'].join('|')})/[\w.]`, 'm'),
  },
  {
    what: 'a skipped or focused test',
    pattern: new RegExp(String.raw`\b(describe|it|test)\.(${['skip', 'only', 'todo'].join('|')})\b`),
  },
  {
    what: 'a note of something left undone',
    pattern: new RegExp(`\\b(${['TO', 'FIX'].map((head, i) => head + ['DO', 'ME'][i]).join('|')})\\b`),
  },
];
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter(
    (name) =>
      /\.(ts|tsx|mjs|cjs|json|md|sql|proto|yaml|yml|css|html)$/.test(name) && name !== 'package-lock.json',
  );
const found = [];
for (const name of files) {
  let text;
  try {
    text = readFileSync(join(root, name), 'utf8');
  } catch {
    continue; // deleted in the work tree
  }
  for (const rule of rules) if (rule.pattern.test(text)) found.push(`${name}: ${rule.what}`);
}
if (found.length > 0) refuse(`\n${found.join('\n')}`);
