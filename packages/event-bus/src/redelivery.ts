import { BusError } from './errors.js';

/**
 * The one place that decides what becomes of a message whose handler failed: retry it in place, park its stream,
 * or stop the consumer. (Skipping is decided before the handler runs: see delivery.ts.)
 */
export interface RedeliveryPolicy {
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  /** Tries in place of an error that is not known to pass by itself. */
  readonly faultTries: number;
  /** Tries in place of a transient error, after which the stream is parked if others get through meanwhile. */
  readonly transientTries: number;
  readonly parkBaseMs: number;
  readonly parkCapMs: number;
  /** So many streams failing one after the other with no success between them have a common cause. */
  readonly commonCauseStreams: number;
  /** Pause after a stop before the consumer probes again. */
  readonly stopBaseMs: number;
  readonly stopCapMs: number;
}

export const defaultRedeliveryPolicy: RedeliveryPolicy = {
  retryBaseMs: 50,
  retryCapMs: 5_000,
  faultTries: 3,
  transientTries: 8,
  parkBaseMs: 30_000,
  parkCapMs: 3_600_000,
  commonCauseStreams: 5,
  stopBaseMs: 1_000,
  stopCapMs: 60_000,
};

/** `transient` passes by itself; `common` hits every message alike; `fault` is the message's own until shown otherwise. */
export type FailureKind = 'transient' | 'common' | 'fault';

export type RedeliveryVerdict =
  | { readonly verdict: 'retry'; readonly afterMs: number }
  | { readonly verdict: 'park'; readonly nextTryMs: number }
  | { readonly verdict: 'stop' };

export interface HandlerFailure {
  readonly error: unknown;
  /** Tries of this message so far, this one included. */
  readonly tries: number;
}

/** What happens to the consumer's other streams. */
export interface Surroundings {
  /** Another stream's message was handled since this one first failed. */
  readonly othersGetThrough: boolean;
  /** Streams given up since the last success, this one not included. */
  readonly failedInARow: number;
}

const transientCodes = new Set([
  // Node's sockets.
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  // The Postgres driver's connection.
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  // Postgres: serialization, deadlock, lock and statement time-outs, shutting or starting up.
  '40001',
  '40P01',
  '55P03',
  '57014',
  '57P01',
  '57P02',
  '57P03',
  '25P03',
  // Our store.
  'store_unavailable',
  'outcome_unknown',
]);

const commonCodes = new Set([
  // Postgres: no such database, table, column, function or schema; no privilege; wrong password; read-only.
  '3D000',
  '42P01',
  '42703',
  '42883',
  '3F000',
  '42501',
  '28000',
  '28P01',
  '25006',
  // Our store and bus: this code is wired or deployed wrongly.
  'stopped',
  'not_allowed_to_append',
  'lock_not_first',
  'handler_error_hidden',
  'common_cause',
]);

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Asked of any object: an error of Node's own may come from another realm, where it is no Error. */
function causeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
}

/** Classes 08 (connection) and 53 (out of resources) pass by themselves. */
function isTransientCode(code: string): boolean {
  return transientCodes.has(code) || /^(08|53)[0-9A-Z]{3}$/.test(code);
}

/** Sorts an error by its code, or by its causes' where it has none that is known. Total: what is unknown is a `fault`. */
export function classifyFailure(error: unknown): FailureKind {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current !== undefined; depth += 1) {
    const code = codeOf(current);
    if (code !== undefined && commonCodes.has(code)) return 'common';
    if (code !== undefined && isTransientCode(code)) return 'transient';
    current = causeOf(current);
  }
  return 'fault';
}

/** Full jitter: anything up to the capped exponential, so that consumers that failed together do not come back together. */
export function backoffMs(tries: number, baseMs: number, capMs: number, random: () => number): number {
  return Math.ceil(random() * Math.min(capMs, baseMs * 2 ** Math.min(tries - 1, 30)));
}

/** Decides over one failure. */
export function decideRedelivery(
  failure: HandlerFailure,
  surroundings: Surroundings,
  policy: RedeliveryPolicy,
  random: () => number,
): RedeliveryVerdict {
  const kind = classifyFailure(failure.error);
  if (kind === 'common') return { verdict: 'stop' };
  const retry: RedeliveryVerdict = {
    verdict: 'retry',
    afterMs: backoffMs(failure.tries, policy.retryBaseMs, policy.retryCapMs, random),
  };
  const park: RedeliveryVerdict = { verdict: 'park', nextTryMs: parkedBackoffMs(1, policy) };
  if (kind === 'transient') {
    // While nobody gets through the fault is around us, not in this stream: wait it out, park nothing.
    return failure.tries < policy.transientTries || !surroundings.othersGetThrough ? retry : park;
  }
  if (failure.tries < policy.faultTries) return retry;
  return surroundings.failedInARow + 1 >= policy.commonCauseStreams ? { verdict: 'stop' } : park;
}

/** When a parked stream is tried again by itself. */
export function parkedBackoffMs(attempts: number, policy: RedeliveryPolicy): number {
  return Math.min(policy.parkCapMs, policy.parkBaseMs * 2 ** Math.min(attempts - 1, 30));
}

/** What stopped a consumer over one stream after the other, as one error. */
export function commonCause(error: unknown): BusError {
  return new BusError('common_cause', 'the handler fails for one stream after the other', { cause: error });
}
