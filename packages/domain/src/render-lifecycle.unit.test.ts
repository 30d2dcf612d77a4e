import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderLifecycle } from './render-lifecycle.js';
import { transitions } from './transitions.js';

/** Prettier aligns tables and emphasis; the words are what counts. */
const words = (text: string): string[] => text.replaceAll(/-{3,}/g, '---').split(/\s+/);

describe('the reference page of the lifecycle', () => {
  it('is current: node packages/domain/scripts/write-lifecycle.mjs', () => {
    const page = fileURLToPath(new URL('../../../docs/reference/lifecycle.md', import.meta.url));
    expect(words(readFileSync(page, 'utf8'))).toEqual(words(renderLifecycle()));
  });

  it('has every event', () => {
    const text = renderLifecycle();
    for (const type of Object.keys(transitions)) expect(text).toContain(`| ${type} |`);
  });

  it('draws an arrow for every change of phase', () => {
    const text = renderLifecycle();
    for (const [type, row] of Object.entries(transitions))
      for (const [from, rules] of Object.entries(row))
        for (const { to } of rules)
          if (to !== '=' && from !== 'none')
            expect(text).toMatch(new RegExp(`${from} --> ${to}: .*\\b${type}\\b`));
  });
});
