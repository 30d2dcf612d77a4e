import { lookAgainAt } from './link-patience.js';
import { OutputRejected } from './output-rejected.js';

const failed = new OutputRejected('REJECTION_REASON_DOWNLOAD_FAILED', '503');
const looks = (ageMs: number, patienceMs = 60_000): number | undefined => {
  const at = lookAgainAt(failed, { givenAt: 1_000_000 }, 1_000_000 + ageMs, patienceMs);
  return at === undefined ? undefined : at - 1_000_000 - ageMs;
};

describe('the patience with a link', () => {
  it('grows its pauses with the age of the link, within bounds', () => {
    expect([0, 1_000, 10_000, 30_000, 59_999].map((age) => looks(age))).toEqual([
      1_000, 1_000, 5_000, 15_000, 20_000,
    ]);
    expect(looks(200_000, 3_600_000)).toBe(20_000);
  });

  it('ends', () => expect([looks(60_000), looks(0, 0)]).toEqual([undefined, undefined]));

  it('does not suffer from a clock that went back', () => expect(looks(-5_000)).toBe(1_000));

  it.each(['LINK_EXPIRED', 'CHECKSUM_MISMATCH', 'TOO_LARGE', 'ADDRESS_REFUSED', 'NOT_AN_IMAGE'] as const)(
    'is none where the bytes or the link are wrong: %s',
    (reason) => {
      const rejected = new OutputRejected(`REJECTION_REASON_${reason}`, '');
      expect(lookAgainAt(rejected, { givenAt: 0 }, 1, 60_000)).toBeUndefined();
    },
  );
});
