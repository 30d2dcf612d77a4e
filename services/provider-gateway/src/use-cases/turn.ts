import { setTimeout as pause } from 'node:timers/promises';
import type { ModelAccess } from '../accounts.js';
import { type Admission, type AskedAdmission, rateOf } from '../adapters/account-gate.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import type { Next } from './next.js';

/** What the account says to a submit. */
export interface Turn extends Admission {
  /** By when its turn in the account's rate is over, on the clock of `performance.now()`. */
  readonly notAfter: number;
}

/** A turn, and how to ask for another where the write of the intent took longer than this one lasts. */
export interface WithTurn {
  readonly notAfter: number;
  readonly again: () => Promise<Turn>;
}

/** How a submit asks its account for a turn: first, and again where that one passed unused. */
export function turnsOf(
  ports: Pick<GatewayPorts, 'accounts' | 'gate'>,
  { account: { id }, sheet }: ModelAccess,
  asked: Pick<AskedAdmission, 'generation' | 'attempt' | 'micros'>,
): { readonly first: (isRetry: boolean) => Promise<Turn>; readonly again: () => Promise<Turn> } {
  const first = async (isRetry: boolean): Promise<Turn> => {
    const began = performance.now();
    const { limits } = ports.accounts.of(id);
    const answerSeconds = sheet.submitTimeoutSeconds;
    const { verdict, waitMs } = await ports.gate.admit({
      ...asked,
      account: id,
      limits,
      answerSeconds,
      isRetry,
    });
    const { lateMs } = rateOf(limits);
    // Nobody else goes before a probe: its turn does not end.
    const lasts = lateMs === null || verdict === 'probe' ? Infinity : began + waitMs + lateMs;
    return { verdict, waitMs, notAfter: lasts };
  };
  return {
    first,
    again: async () => {
      const turn = await first(false);
      // It is on record as an ordinary submit: a probe is another's.
      if (turn.verdict === 'probe') await ports.gate.returnProbe(id);
      return turn;
    },
  };
}

/**
 * Until when a request that costs may leave, whose intent began to be written then: while it is fresh, its row held, its turn on, and its
 * account not told to stop. On the clock of `performance.now()`; 0: not at all.
 */
export async function mayLeaveUntil(
  ports: Pick<GatewayPorts, 'accounts'>,
  job: Pick<Job, 'heldUntil'>,
  { account: { id }, sheet }: ModelAccess,
  began: number,
  turn: WithTurn,
): Promise<number> {
  // A lease fences the log, it does not fence the vendor: what was not sent by then is not sent at all.
  const latest = Math.min(began + sheet.sendBySeconds * 1_000, job.heldUntil());
  const end = Math.min(latest, await turnEnd(turn, latest));
  return ports.accounts.of(id).slots === 0 ? 0 : end;
}

/** What follows where a request that was let through is not sent: a probe is given back first. */
export function unsent(
  { gate }: Pick<GatewayPorts, 'gate'>,
  account: string,
  isProbe: boolean,
): (next: Next) => Promise<Next> {
  return async (next) => {
    if (isProbe) await gate.returnProbe(account);
    return next;
  };
}

/** The end of its turn, or of another where that one is over by now. */
async function turnEnd({ notAfter, again }: WithTurn, sendBy: number): Promise<number> {
  let end = notAfter;
  while (performance.now() >= end && performance.now() < sendBy) {
    const { verdict, waitMs, notAfter: next } = await again();
    // What holds the account back by now holds this back too; a turn that is far off may still come in time.
    if ((verdict !== 'open' && verdict !== 'rate') || performance.now() + waitMs >= sendBy) return end;
    if (waitMs > 0) await pause(waitMs);
    if (verdict === 'open') end = next;
  }
  return end;
}
