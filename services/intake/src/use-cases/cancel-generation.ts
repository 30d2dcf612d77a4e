import { type AppendPorts, appendDecided } from './append-decided.js';

export type CancelResult = 'asked' | 'already-final' | 'too-late' | 'not-found';

/** Asks to cancel. Asked before: the same answer, and no event. The end comes when the vendor's side is settled. */
export async function cancelGeneration(
  ports: AppendPorts,
  request: {
    readonly stream: string;
    readonly tenant: string;
    readonly actor: string;
    readonly traceparent: string;
    readonly now: number;
  },
): Promise<CancelResult> {
  const { now, ...append } = request;
  const result = await appendDecided(ports, {
    ...append,
    command: { type: 'cancel', now, by: 'REQUESTER_CLIENT', reason: '' },
  });
  if (result.outcome === 'appended') return 'asked';
  if (result.outcome === 'no-such-generation') return 'not-found';
  if (result.outcome === 'fenced') throw new Error('a cancellation moves no row of its own');
  if (result.reason === 'already_asked') return 'asked';
  if (result.reason === 'already_final') return 'already-final';
  if (result.reason === 'too_late') return 'too-late';
  throw new Error(`a cancellation was refused as ${result.reason}`);
}
