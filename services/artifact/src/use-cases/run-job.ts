import { attemptOf, IllegalTransition, planArtifact } from '@darkroom/domain';
import type { Claim, Move } from '@darkroom/work-table';
import { JobEnded } from '@darkroom/work-table';
import { appendDecided } from './append-decided.js';
import { loadGeneration, type LoadedGeneration } from './load-generation.js';
import { storeOne, type StorePorts } from './store-one.js';

export interface JobPorts extends StorePorts {
  /** Pause after our own side failed. */
  readonly retryAfterMs: number;
}

/** How long the deadline, or a person's order to fail, may wait for a download that is under way. */
const lookEveryMs = 2_000;

/** The deadline came while outputs were on their way, the run ended or is to end: time to look again. */
class Due extends Error {
  override readonly name = 'Due';
}

/** `over`: the run is. `again`: there may be more to do. A time, in milliseconds since the epoch: not before. */
type Stored = 'over' | 'again' | number;

/** Stores what is pending, side by side, until the deadline or a person's order. */
async function storePending(
  ports: JobPorts,
  claim: Claim,
  loaded: LoadedGeneration,
  action: Extract<ReturnType<typeof planArtifact>, { do: 'store' }>,
  signal: AbortSignal,
): Promise<Stored> {
  const { attempt, outputs } = action;
  const account = attemptOf(loaded.state, attempt)?.account ?? '';
  const together = new AbortController();
  const end = (reason: unknown): void => together.abort(reason);
  const onAbort = (): void => end(signal.reason);
  signal.addEventListener('abort', onAbort);
  const watch = setInterval(() => void lookAgain(), lookEveryMs);
  const lookAgain = async (): Promise<void> => {
    // A look that fails is made up for by the next one, and by the append at the latest.
    const now = await loadGeneration(ports.store, claim.generation).catch((error: unknown) => {
      ports.logger.warn({ generation: claim.generation, err: error }, 'could not look whether it goes on');
      return undefined;
    });
    if (now && planArtifact(now.state, ports.now()).do !== 'store') end(new Due());
  };
  try {
    const each = outputs.map(async (output) => {
      try {
        const outcome = await storeOne(ports, claim, loaded, { attempt, account, output }, together.signal);
        if (outcome === 'ended') end(new Due());
        return outcome;
      } catch (error) {
        // One that cannot go on ends the others: none may be left running behind the job's back.
        end(error);
        throw error;
      }
    });
    const settled = await Promise.allSettled(each);
    const outcomes = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (outcomes.includes('ended')) return 'over';
    const reason: unknown = together.signal.aborted ? together.signal.reason : undefined;
    if (reason !== undefined && !(reason instanceof Due)) throw reason;
    if (reason !== undefined) return 'again';
    const looks = outcomes.flatMap((outcome) => (typeof outcome === 'object' ? [outcome.lookAgainAt] : []));
    return looks.length === 0 ? 'again' : Math.min(...looks);
  } finally {
    clearInterval(watch);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Load, fold, plan, act, until there is nothing to do now; then the row says when to look again. */
async function workOn(ports: JobPorts, claim: Claim, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const loaded = await loadGeneration(ports.store, claim.generation);
    const rest: Move = {
      phase: loaded?.state.phase ?? 'unknown',
      nextActionAt: null,
      foldedVersion: loaded?.state.version ?? claim.foldedVersion,
      release: true,
    };
    const action = loaded ? planArtifact(loaded.state, ports.now()) : ({ do: 'nothing', due: null } as const);
    if (!loaded || action.do === 'nothing') {
      const due = action.do === 'nothing' ? action.due : null;
      await ports.work.apply(claim, { ...rest, nextActionAt: due === null ? null : new Date(due) });
      return;
    }
    if (action.do === 'conclude') {
      const conclude = { type: 'conclude-storing', now: ports.now() } as const;
      if ((await appendDecided(ports, claim, loaded, conclude)) === 'ended') return;
    } else {
      const stored = await storePending(ports, claim, loaded, action, signal);
      if (stored === 'over') return;
      if (stored === 'again') continue;
      // The row waits, not a worker's place. What was stored meanwhile is in the stream; the row is no judge of that.
      const nextActionAt = new Date(Math.min(stored, action.due));
      await ports.work.apply(claim, { ...rest, nextActionAt });
      return;
    }
  }
}

/** One claimed job to its rest. Whatever fails on our own side hands the row back, to be tried again. */
export async function runJob(ports: JobPorts, claim: Claim, signal: AbortSignal): Promise<void> {
  const { generation } = claim;
  try {
    await workOn(ports, claim, signal);
  } catch (error) {
    const ended = error instanceof JobEnded ? error.why : undefined;
    if (ended === 'lease-lost') return;
    if (error instanceof IllegalTransition)
      ports.logger.error({ err: error, generation }, 'the log holds what the lifecycle does not allow');
    else if (ended === undefined)
      ports.logger.warn({ err: error, generation }, 'outputs could not be stored; it is tried again');
    const pauseMs = ended === 'stopping' ? 0 : ports.retryAfterMs;
    await ports.work.apply(claim, {
      phase: 'storing',
      nextActionAt: new Date(ports.now() + pauseMs),
      foldedVersion: claim.foldedVersion,
      release: true,
    });
  }
}
