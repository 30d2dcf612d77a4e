import { EventStoreError } from '../errors.js';

/**
 * What an error of the driver says about what was asked.
 * - `not-sent`: there was no connection; nothing happened
 * - `lost`: the connection went away; it may have happened
 * - `again`: rolled back because of a race; the same again
 * - `unavailable`: rolled back, the database cannot take it now
 * - `refused`: rolled back because of what was asked
 */
export type Failure = 'not-sent' | 'lost' | 'again' | 'unavailable' | 'refused';

const notSent = new Set([
  'CONNECT_TIMEOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  '57P03',
  '53300',
  '3D000',
]);
const lost = new Set([
  ...['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECTION_ENDED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'],
  ...['EHOSTUNREACH', 'ENETUNREACH', '57P01', '57P02', '57P05', '25P03', '25P04'],
]);
const again = new Set(['40001', '40P01']);
// Lock and statement timeouts, read-only (a standby, or a disk that an operator closed), disk, memory, I/O.
const unavailable = new Set([
  '55P03',
  '57014',
  '25006',
  '53000',
  '53100',
  '53200',
  '53400',
  '58000',
  '58030',
]);

/** Total: what is not known to be harmless counts as refused, with its error shown. */
export function classify(error: unknown): Failure {
  if (!(error instanceof Error)) return 'refused';
  const { code, syscall } = error as Error & { code?: string; syscall?: string };
  if (code === undefined) return 'refused';
  if (notSent.has(code) || syscall === 'connect' || code.startsWith('28')) return 'not-sent';
  if (lost.has(code) || code.startsWith('08')) return 'lost';
  if (again.has(code)) return 'again';
  if (unavailable.has(code)) return 'unavailable';
  return 'refused';
}

/** The typed error for the caller. `lost` is what a lost answer means: unknown for a write, nothing for a read. */
export function storeError(error: unknown, lost: 'outcome_unknown' | 'store_unavailable'): unknown {
  if (error instanceof EventStoreError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const code = (cause as Error & { code?: string }).code ?? '';
  switch (classify(error)) {
    case 'lost':
      return new EventStoreError(
        lost,
        `the event store's database went away: ${cause.message}`,
        { code },
        { cause },
      );
    case 'not-sent':
    case 'unavailable':
    case 'again':
      return new EventStoreError(
        'store_unavailable',
        `the event store's database is not available: ${cause.message}`,
        { code },
        { cause },
      );
    case 'refused':
      if (code === 'DR001') return new EventStoreError('lock_not_first', cause.message, {}, { cause });
      if (code.startsWith('22') || code.startsWith('23') || code.startsWith('54')) {
        return new EventStoreError(
          'malformed_request',
          `the database refused the request: ${cause.message}`,
          { code },
          { cause },
        );
      }
      return error;
  }
}
