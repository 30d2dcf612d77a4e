import { readFileSync, writeFileSync } from 'node:fs';
import { type Cell, driveMatrix } from './drive-matrix.js';
import { expected } from './expected.js';
import { tables } from './mishaps.js';
import { renderProviders } from './render-providers.js';
import { isEndOrOpenQuestion } from './seen.js';
import { adapters, speechless, startSubjects, type Subject } from './subjects.js';

const page = new URL('../../../../docs/reference/providers.md', import.meta.url);
let subjects: readonly Subject[] = [];
let cells: readonly Cell[] = [];

beforeAll(async () => {
  subjects = await startSubjects();
  cells = await driveMatrix(subjects);
}, 800_000);
afterAll(async () => {
  await Promise.all(subjects.map(({ double }) => double.stop()));
});

it('knows a double of every vendor: subjects.ts takes a line for each', () => {
  expect(speechless).toEqual([]);
});

describe.each(adapters.map(({ vendor }) => vendor))('%s', (vendor) => {
  describe.each(tables)('$name', ({ mishaps }) => {
    it.each([...mishaps])('%s', (mishap) => {
      const subject = subjects.find((candidate) => candidate.vendor === vendor);
      const cell = cells.find((candidate) => candidate.vendor === vendor && candidate.mishap === mishap);
      if (subject === undefined || cell === undefined) throw new Error(`nothing was driven at ${vendor}`);
      const { told, seen } = cell;
      if (told !== expected(mishap, subject))
        throw new Error(`expected: ${expected(mishap, subject)}\nseen: ${told}\n${inFull(cell)}`);
      if (seen === undefined) return;
      expect(seen.jobs.length).toBeLessThanOrEqual(1);
      expect(isEndOrOpenQuestion(seen)).toBe(true);
    });
  });
});

/** For who asks why. */
function inFull({ seen }: Cell): string {
  if (seen === undefined) return 'nothing was driven';
  const { resource, events, submits, deliveries } = seen;
  const { status, status_reason, error } = resource;
  const log = events
    .map((event) =>
      event.type === 'AttemptFailed'
        ? `AttemptFailed(${event.data.end} ${event.data.vendorMessage}; ${event.data.retryRule})`
        : event.type,
    )
    .join(' ');
  return `${JSON.stringify({ status, status_reason, error, submits, deliveries })}\n${log}`;
}

it('docs/reference/providers.md tells what was seen', () => {
  const seen = renderProviders(subjects, cells);
  // Written anew on purpose alone: the change then shows in review.
  if (process.env['DARKROOM_WRITE_GOLDEN'] === '1') writeFileSync(page, seen);
  expect(readFileSync(page, 'utf8')).toBe(seen);
});
