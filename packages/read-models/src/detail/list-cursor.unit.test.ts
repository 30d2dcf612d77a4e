import { createSigner } from '@darkroom/platform';
import { openCursor, sealCursor } from './list-cursor.js';

const position = {
  createdAt: new Date('2026-11-24T10:00:00.123Z'),
  id: '0190f5b2-7c1e-7a3b-8c4d-0123456789ab',
};
const signer = createSigner(['a secret of the installation']);
const binding = { tenant: 'acme', query: '{"status":["failed"]}' };

describe('list cursor', () => {
  it('opens to the position that was sealed', () => {
    expect(openCursor(signer, binding, sealCursor(signer, binding, position))).toEqual(position);
  });

  it('opens neither for another tenant, nor another query, nor another key', () => {
    const cursor = sealCursor(signer, binding, position);
    expect(openCursor(signer, { ...binding, tenant: 'other' }, cursor)).toBeUndefined();
    expect(openCursor(signer, { ...binding, query: '{}' }, cursor)).toBeUndefined();
    expect(openCursor(createSigner(['another secret']), binding, cursor)).toBeUndefined();
  });

  it('does not open once any character is changed', () => {
    const cursor = sealCursor(signer, binding, position);
    for (let at = 0; at < cursor.length; at += 1) {
      const swapped = cursor[at] === 'A' ? 'B' : 'A';
      expect(
        openCursor(signer, binding, cursor.slice(0, at) + swapped + cursor.slice(at + 1)),
      ).toBeUndefined();
    }
  });

  it.each([
    '',
    'abc',
    '-1',
    '%00',
    `${'A'.repeat(32)}.${'A'.repeat(43)}`,
    'A'.repeat(76),
    'A'.repeat(10_000),
    '𝒜'.repeat(38),
  ])('does not open garbage %#', (garbage) => {
    expect(openCursor(signer, binding, garbage)).toBeUndefined();
  });
});
