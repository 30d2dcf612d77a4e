import { statusGlossary } from '@darkroom/domain';
import type { Generation } from '../api/schemas.js';
import { duration, nextStep, progressSentence, reasonSentence, vendorPercent } from './words.js';

type Standing = Pick<Generation, 'status' | 'status_reason'> & Partial<Generation>;
// The words ask for no more than is given here.
const standing = (one: Standing) => one as Generation;
const now = Date.parse('2026-11-24T10:00:00Z');

it.each(Object.entries(statusGlossary))('says of %s what the glossary says', (code, words) => {
  const reason = { code, message: 'The API counts: next try in 12 s.' };
  const said = reasonSentence(standing({ status: 'queued', status_reason: reason }));
  expect(said).toBe(words.endsWith('.') ? words : `${words}.`);
});

it('takes the API’s own words for a reason that is not in the glossary', () => {
  const reason = { code: 'of_a_newer_server', message: 'Something new.' };
  expect(reasonSentence(standing({ status: 'queued', status_reason: reason }))).toBe('Something new.');
});

it('counts down to what is planned, and to nothing that is not', () => {
  const inSeconds = (code: string, seconds: number) =>
    nextStep(
      standing({
        status: 'queued',
        status_reason: { code, message: '', until: new Date(now + seconds * 1000).toISOString() },
      }),
      now,
    );
  expect(inSeconds('provider_capacity', 12)).toBe('Next try in 12 s.');
  expect(inSeconds('confirming_with_provider', 9)).toBe('A person is asked in 9 s, should it stay open.');
  expect(inSeconds('needs_attention', 9)).toBe('');
  expect(inSeconds('provider_capacity', -3)).toBe('');
  expect(nextStep(standing({ status: 'queued', status_reason: null }), now)).toBe('');
});

it('tells progress only where the vendor itself does, and only while it works', () => {
  const progress = { percent: 40, queue_position: 3, usual_seconds: { p50: 8, p95: 120 } };
  const working = standing({ status: 'processing', status_reason: null, progress });
  expect([vendorPercent(working), progressSentence(working)]).toEqual([
    40,
    'The provider reports 40\u00a0%. Usually 8 s to 2 min.',
  ]);
  const silent = standing({
    ...working,
    progress: { percent: null, queue_position: 3, usual_seconds: null },
  });
  expect([vendorPercent(silent), progressSentence(silent)]).toEqual([
    null,
    'Place 3 in the provider’s queue.',
  ]);
  const reason = { code: 'confirming_with_provider', message: '' };
  const unknown = standing({ ...working, status_reason: reason });
  expect([vendorPercent(unknown), progressSentence(unknown)]).toEqual([null, '']);
  expect(vendorPercent(standing({ ...working, status: 'verifying' }))).toBeNull();
});

it.each([
  [0, '0 s'],
  [59_400, '59 s'],
  [61_000, '1 min'],
  [3_600_000, '1 h'],
  [47 * 3_600_000, '47 h'],
  [72 * 3_600_000, '3 days'],
  [-5, '0 s'],
])('says %d ms as %s', (milliseconds, words) => {
  expect(duration(milliseconds)).toBe(words);
});
