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
/** Told by the driver or the socket: there is no connection any more. */
const cut = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const lost = new Set([...cut, '57P01', '57P02', '57P05', '25P03', '25P04']);
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
  const code = textOf(error, 'code');
  if (code === undefined) return 'refused';
  const syscall = textOf(error, 'syscall');
  if (notSent.has(code) || syscall === 'connect' || code.startsWith('28')) return 'not-sent';
  if (lost.has(code) || code.startsWith('08')) return 'lost';
  if (again.has(code)) return 'again';
  if (unavailable.has(code)) return 'unavailable';
  return 'refused';
}

/** Whether the connection is gone already, as against about to go: nothing can be sent on it. */
export const isCut = (error: unknown): boolean => cut.has(textOf(error, 'code') ?? '');

/** Asked of any object: an error of Node's own may come from another realm, where it is no Error. */
function textOf(error: unknown, field: 'code' | 'syscall' | 'message'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'string' ? value : undefined;
}

/** The typed error for the caller. `lost` is what a lost answer means: unknown for a write, nothing for a read. */
export function storeError(error: unknown, lost: 'outcome_unknown' | 'store_unavailable'): unknown {
  if (error instanceof EventStoreError) return error;
  const message = textOf(error, 'message') ?? String(error);
  const code = textOf(error, 'code') ?? '';
  const failure = classify(error);
  if (failure === 'lost') {
    return new EventStoreError(
      lost,
      `the event store's database went away: ${message}`,
      { code },
      { cause: error },
    );
  }
  if (failure !== 'refused') {
    return new EventStoreError(
      'store_unavailable',
      `the event store's database is not available: ${message}`,
      { code },
      { cause: error },
    );
  }
  if (code === 'DR001') return new EventStoreError('lock_not_first', message, {}, { cause: error });
  if (code.startsWith('22') || code.startsWith('23') || code.startsWith('54')) {
    return new EventStoreError(
      'malformed_request',
      `the database refused the request: ${message}`,
      { code },
      { cause: error },
    );
  }
  return error;
}
