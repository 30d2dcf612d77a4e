import type { HistoryEvent } from '../api/schemas.js';
import { bytesWords } from './words.js';

type Data = HistoryEvent['data'];

const number = (data: Data, name: string): number | undefined =>
  typeof data[name] === 'number' ? data[name] : undefined;

/** The word of an enumeration's value: `FAILURE_CLASS_RATE_LIMITED` is "rate limited". */
function word(data: Data, name: string, prefix: string): string {
  const value = data[name];
  if (typeof value !== 'string' || !value.startsWith(prefix) || value.endsWith('_UNSPECIFIED')) return '';
  return value.slice(prefix.length).toLowerCase().replaceAll('_', ' ');
}

const nth = (data: Data): string => `Picture ${(number(data, 'index') ?? 0) + 1}`;
const because = (reason: string): string => (reason === '' ? '' : `: ${reason}`);

const resolutions: Readonly<Record<string, string>> = {
  RESOLUTION_FOUND: 'Settled: the provider has the job.',
  RESOLUTION_REFUSED: 'Settled: the provider refused it.',
  RESOLUTION_NOT_THERE: 'Settled: the provider never took it, so that it may be sent again.',
  RESOLUTION_GIVEN_UP: 'Nobody could find out whether the provider took it.',
};

/** What each event means to the person who asked for the pictures. */
const sentences: Readonly<Record<string, (data: Data) => string>> = {
  GenerationRequested: () => 'Asked for, and stored.',
  SubmissionStarted: (data) =>
    `Attempt ${number(data, 'attempt') ?? 1}: written down, then sent to the provider.`,
  SubmissionAccepted: (data) => {
    const position = number(data, 'queuePosition');
    return `The provider took the job${position ? `, at place ${position} of its queue` : ''}.`;
  },
  SubmissionOutcomeUnknown: () =>
    'No answer tells yet whether the provider took it. Nothing is asked for anew before that is known.',
  SubmissionResolved: (data) => resolutions[String(data['resolution'])] ?? 'Settled.',
  ProgressReported: (data) => {
    const percent = number(data, 'percent');
    return percent === undefined
      ? 'The provider reports that it works on it.'
      : `The provider reports ${percent}\u00a0%.`;
  },
  AttemptFailed: (data) => `The attempt failed${because(word(data, 'failureClass', 'FAILURE_CLASS_'))}.`,
  AttemptAbandoned: () => 'The attempt was given up.',
  OutputsProduced: () => 'The provider says that it is done. Its pictures are checked now.',
  ArtifactStored: (data) =>
    `${nth(data)} verified and stored: ${number(data, 'width')} × ${number(data, 'height')}, ${bytesWords(Number(data['bytes']))}.`,
  ArtifactRejected: (data) =>
    `${nth(data)} refused${because(word(data, 'reason', 'REJECTION_REASON_'))}; ${data['givenUp'] === true ? 'given up' : 'fetched again'}.`,
  GenerationCompleted: () => 'Succeeded.',
  GenerationFailed: (data) => `Failed. ${typeof data['message'] === 'string' ? data['message'] : ''}`.trim(),
  CancellationRequested: (data) =>
    data['requestedBy'] === 'REQUESTER_OPERATOR' ? 'An operator asked to cancel.' : 'Cancel asked for.',
  GenerationCanceled: () => 'Canceled.',
  DeadlineExtended: () => 'An operator allowed more time.',
  RetryOrdered: () => 'An operator ordered another run.',
  OrphanAdopted: () => 'Pictures that were paid for already were found, and are used.',
  PersonalDataErased: () => 'Prompt and pictures erased.',
};

export interface HistoryLine {
  readonly id: string;
  readonly time: string;
  readonly text: string;
}

/** A history for people: one line an event; of progress reports that follow each other, the last. */
export function historyLines(events: readonly HistoryEvent[]): HistoryLine[] {
  return events.flatMap(({ id, type, time, data }, index) => {
    if (type === 'ProgressReported' && events[index + 1]?.type === type) return [];
    return [{ id, time, text: sentences[type]?.(data) ?? type }];
  });
}
