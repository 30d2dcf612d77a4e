import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What docs/how-to/add-a-provider.md shows is what there is. */
const root = new URL('../../../', import.meta.url);
const textOf = (path: string): string => readFileSync(fileURLToPath(new URL(path, root)), 'utf8');
const page = textOf('docs/how-to/add-a-provider.md');
/** The formatter sets what is in a page otherwise than what is in its file. */
const withoutSpace = (text: string): string => text.replaceAll(/\s+/g, '');

const snippets = [...page.matchAll(/^```ts (?<file>\S+)\n(?<code>.*?)^```/gms)].map(
  ({ groups }): [string, string] => [groups?.['file'] ?? '', groups?.['code'] ?? ''],
);
const paths = [...page.matchAll(/\b(?:packages|test|docs|scripts)\/[\w./-]+\.(?:ts|md|mjs)\b/g)].map(
  ([path]) => path,
);

it('has snippets, each of a file', () => {
  expect(snippets.length).toBeGreaterThan(5);
  expect(page.match(/^```ts/gm)).toHaveLength(snippets.length);
});

it.each(snippets)('shows what is in %s', (file, code) => {
  expect(withoutSpace(textOf(file))).toContain(withoutSpace(code));
});

it.each([...new Set(paths)])('names %s, which is there', (path) => {
  expect(existsSync(new URL(path, root))).toBe(true);
});
