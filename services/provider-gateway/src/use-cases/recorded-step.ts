import { currentAttempt, type GatewayAction } from '@darkroom/domain';
import {
  count,
  type Lasted,
  measure,
  recordSpan,
  spanAttributes,
  spanNames,
  untracedEvents,
} from '@darkroom/platform';
import type { GatewayPorts } from '../gateway-ports.js';
import type { LoadedGeneration } from './load-generation.js';

/** Steps that show in the trace, where they changed something. */
const stepNames: Partial<Record<Step, string>> = {
  submit: spanNames.submit,
  settle: spanNames.settle,
  'give-up': spanNames.settle,
  'declare-sender-gone': spanNames.settle,
  poll: spanNames.pollVendor,
  'cancel-at-vendor': spanNames.cancelAtVendor,
  'refresh-links': spanNames.refreshLinks,
  'hear-webhook': spanNames.hearWebhook,
};
type Step = GatewayAction['do'] | 'hear-webhook';

type Appended = Parameters<GatewayPorts['store']['append']>[0]['events'][number] & { readonly at: number };

const endsAttempt = new Set<string>(['OutputsProduced', 'AttemptFailed', 'AttemptAbandoned']);
const beginsWait = new Set<string>([
  'GenerationRequested',
  'RetryOrdered',
  'AttemptFailed',
  'AttemptAbandoned',
  'SubmissionResolved',
]);

/**
 * Runs one step, and records what it was and which phases of the generation it ended, with their true times. All of it when it
 * is over: a process that is killed takes a step's span with it, and nothing hangs in the air.
 */
export async function recordedStep<T>(
  ports: GatewayPorts,
  loaded: LoadedGeneration,
  step: Step,
  run: (ports: GatewayPorts) => Promise<T>,
): Promise<T> {
  const from = ports.now();
  const appended: Appended[] = [];
  const noting: GatewayPorts = {
    ...ports,
    store: {
      readStream: async (stream, options) => ports.store.readStream(stream, options),
      append: async (request) => {
        const outcome = await ports.store.append(request);
        const at = ports.now();
        if (outcome.outcome === 'appended')
          appended.push(...request.events.map((event) => ({ ...event, at })));
        return outcome;
      },
    },
  };
  let error: unknown;
  try {
    return await run(noting);
  } catch (thrown) {
    error = thrown;
    throw thrown;
  } finally {
    const types = appended.map(({ type }) => type).join(' ');
    if (step === 'poll') count('vendorPolls', { account: accountOf(ports, loaded), changed: types !== '' });
    if (types !== '') ports.logger.debug({ step, appended: types }, 'a step was taken');
    if (appended.some(({ type }) => !untracedEvents.has(type))) {
      recordStep(step, appended, { from, to: ports.now(), error });
      for (const event of appended) recordPhase(ports, loaded, appended, event);
    }
  }
}

/** Whom an attempt's model is asked of. */
function accountOf(ports: GatewayPorts, { state }: LoadedGeneration): string {
  const model = currentAttempt(state)?.model;
  return (model === undefined ? undefined : ports.accessTo(model)?.account.id) ?? 'unknown';
}

function recordStep(step: Step, appended: readonly Appended[], lasted: Lasted): void {
  const name = stepNames[step];
  if (name === undefined) return;
  const types = appended.map(({ type }) => type).join(' ');
  recordSpan(name, lasted, { attributes: { [spanAttributes.appended]: types } });
}

/** The phase that an event ends, if it ends one. */
function recordPhase(
  ports: GatewayPorts,
  loaded: LoadedGeneration,
  appended: readonly Appended[],
  event: Appended,
): void {
  const { state, events } = loaded;
  if (event.type === 'SubmissionStarted') {
    const since = events.findLast(({ type }) => beginsWait.has(type))?.recordedAt.getTime();
    if (since !== undefined) {
      recordSpan(spanNames.queueWait, { from: since, to: event.at });
      measure('queueWait', (event.at - since) / 1_000);
    }
  }
  if (!endsAttempt.has(event.type) || !('attempt' in event.data)) return;
  const number = event.data.attempt;
  const from =
    state.attempts[number - 1]?.startedAt ?? appended.find(({ type }) => type === 'SubmissionStarted')?.at;
  if (from === undefined) return;
  const attributes = { [spanAttributes.attempt]: number, [spanAttributes.outcome]: event.type };
  recordSpan(spanNames.attempt, { from, to: event.at }, { attributes });
  const labels = { account: accountOf(ports, loaded), outcome: event.type };
  count('attempts', labels);
  measure('attemptDuration', (event.at - from) / 1_000, labels);
}
