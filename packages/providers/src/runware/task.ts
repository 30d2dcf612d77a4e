import type { Money } from '@darkroom/domain';
import type { JobState } from '../provider-adapter.js';
import { usableOutputs } from '../usable-outputs.js';
import { vendorLink, vendorText } from '../vendor-text.js';
import { classOfCode } from './classifier.js';
import type { Item } from './schemas.js';

type Ended = Exclude<JobState, { kind: 'open' }>;

const openWords: ReadonlyMap<string, 'queued' | 'running'> = new Map([
  ['pending', 'queued'],
  ['processing', 'running'],
]);

/**
 * How a task stands, whatever the case of its words, by all that is told of it. A word that we do not know means that it goes on,
 * and no word at all that it was taken.
 * @param items of this task, at least one
 */
export function readState(items: readonly [Item, ...Item[]]): JobState {
  const made = items.filter((item) => isCalled(item, 'success') || (!item.status && item.imageURL));
  if (made.length > 0) return produced(made);
  const failed = items.find((item) => isCalled(item, 'error'));
  if (failed !== undefined) return failureOf(failed.error);
  const [{ status, progress }] = items;
  const word = status?.toLowerCase() ?? '';
  return {
    kind: 'open',
    stage: openWords.get(word) ?? 'running',
    percent: typeof progress === 'number' ? Math.round(Math.min(Math.max(progress, 0), 100)) : null,
    queuePosition: null,
    vendorStatus: vendorText(status, 60),
    statusKnown: word === '' || openWords.has(word),
  };
}

/** Whether it has that status. */
export const isCalled = (
  { status }: { readonly status?: string | null | undefined },
  word: string,
): boolean => status?.toLowerCase() === word;

/** A picture that the vendor's check rejects is delivered and billed all the same; it is not passed on. */
function produced(made: readonly Item[]): Ended {
  if (made.every(({ NSFWContent }) => isTrue(NSFWContent)))
    return failureOf({ code: 'nsfwContentDetected', message: 'NSFWContent: true' });
  const pictures = usableOutputs(
    made.filter(({ imageURL }) => typeof imageURL === 'string'),
    ({ imageURL, NSFWContent }) => {
      const url = vendorLink(imageURL);
      return url === undefined || isTrue(NSFWContent) ? undefined : { source: { kind: 'link', url } };
    },
  );
  const cost = made.find((item) => typeof item.cost === 'number')?.cost;
  return {
    kind: 'produced',
    ...pictures,
    ...(typeof cost === 'number' ? { cost: dollars(cost) } : {}),
  };
}

/** Also where it comes as a word. */
const isTrue = (said: unknown): boolean =>
  said === true || (typeof said === 'string' && said.toLowerCase() === 'true');

/** Exact: the number's decimals are those that the vendor wrote, which a product of floats need not have. */
const dollars = (amount: number): Money => ({
  micros: String(BigInt(amount.toFixed(6).replace('.', ''))),
  currency: 'USD',
});

/** Why a task failed. */
export function failureOf(said: Item['error']): Ended {
  const failureClass = classOfCode(said?.code ?? '') ?? 'FAILURE_CLASS_VENDOR_FAULT';
  return {
    kind: 'failed',
    end:
      failureClass === 'FAILURE_CLASS_CONTENT_REJECTED'
        ? 'ATTEMPT_END_MODERATED'
        : 'ATTEMPT_END_VENDOR_FAILED',
    // `taskFailedOrNotFound` of one that is there.
    failureClass: failureClass === 'FAILURE_CLASS_NOT_FOUND' ? 'FAILURE_CLASS_VENDOR_FAULT' : failureClass,
    vendorCode: vendorText(said?.code, 100) || 'error',
    vendorMessage: vendorText(said?.message, 500),
  };
}
