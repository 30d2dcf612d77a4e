import { generationEventTypes, isTenantVisible } from '@darkroom/contract';
import type { HistoryEvent } from '../api/schemas.js';
import { historyLines } from './history-words.js';

const event = (type: string, data: HistoryEvent['data'] = {}): HistoryEvent => ({
  id: type,
  type,
  run: 1,
  time: '2026-11-24T10:00:00.000Z',
  data,
});
const textOf = (type: string, data?: HistoryEvent['data']) => historyLines([event(type, data)])[0]?.text;

it.each(generationEventTypes.filter((type) => isTenantVisible(type)))(
  'has a sentence for %s, which every tenant may see',
  (type) => {
    // A type that has none is shown by its name.
    expect(textOf(type)).toMatch(/ .*\.$|^\w+\.$/);
    expect(textOf(type)).not.toContain(type);
  },
);

it('says what an event says, in words', () => {
  expect(textOf('AttemptFailed', { failureClass: 'FAILURE_CLASS_RATE_LIMITED' })).toBe(
    'The attempt failed: rate limited.',
  );
  expect(textOf('AttemptFailed', { failureClass: 'FAILURE_CLASS_UNSPECIFIED' })).toBe('The attempt failed.');
  expect(textOf('SubmissionAccepted', { queuePosition: 3 })).toBe(
    'The provider took the job, at place 3 of its queue.',
  );
  // Numbers that are zero do not stand in the JSON.
  expect(textOf('ArtifactRejected', { reason: 'REJECTION_REASON_TRUNCATED' })).toBe(
    'Picture 1 refused: truncated; fetched again.',
  );
  expect(textOf('ArtifactRejected', { index: 2, givenUp: true })).toBe('Picture 3 refused; given up.');
});

it('keeps the last of reports that follow each other', () => {
  const events = [
    event('ProgressReported', { percent: 10 }),
    event('ProgressReported', { percent: 60 }),
    event('OutputsProduced'),
    event('ProgressReported', { percent: 90 }),
  ];
  expect(historyLines(events).map(({ text }) => text.match(/\d+/)?.[0])).toEqual(['60', undefined, '90']);
});
