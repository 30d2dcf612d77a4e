import { openCursor, sealCursor } from './list-cursor.js';

const position = {
  createdAt: new Date('2026-11-24T10:00:00.123Z'),
  id: '0190f5b2-7c1e-7a3b-8c4d-0123456789ab',
};
const binding = { tenant: 'acme', query: '{"status":["failed"]}' };

describe('list cursor', () => {
  it('opens to the position that was sealed', () => {
    expect(openCursor('key', binding, sealCursor('key', binding, position))).toEqual(position);
  });

  it('opens neither for another tenant, nor another query, nor another key', () => {
    const cursor = sealCursor('key', binding, position);
    expect(openCursor('key', { ...binding, tenant: 'other' }, cursor)).toBeUndefined();
    expect(openCursor('key', { ...binding, query: '{}' }, cursor)).toBeUndefined();
    expect(openCursor('other', binding, cursor)).toBeUndefined();
  });

  it('does not open once any character is changed', () => {
    const cursor = sealCursor('key', binding, position);
    for (let at = 0; at < cursor.length; at += 1) {
      const swapped = cursor[at] === 'A' ? 'B' : 'A';
      expect(
        openCursor('key', binding, cursor.slice(0, at) + swapped + cursor.slice(at + 1)),
      ).toBeUndefined();
    }
  });

  it.each(['', 'abc', '-1', '%00', 'A'.repeat(54), 'A'.repeat(55), 'A'.repeat(10_000), '𝒜'.repeat(54)])(
    'does not open garbage %#',
    (garbage) => {
      expect(openCursor('key', binding, garbage)).toBeUndefined();
    },
  );
});
