import {
  attemptOf,
  type Attempt,
  type Command,
  type GatewayAction,
  type GenerationState,
} from '@darkroom/domain';
import { sealAttemptToken } from '@darkroom/platform';
import { estimateCost, type ImageFormat, type SubmitInput, type VendorRequest } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { unreachableDelay } from '../policy/pace.js';
import { appendDecision, nextOf } from './append-decision.js';
import { hearVendor } from './hear-vendor.js';
import type { LoadedGeneration } from './load-generation.js';
import { again, handBack, type Next, restUntil, waitForTurn } from './next.js';
import { steerAccount } from './steer-account.js';
import { newsOfSubmit } from './submit-outcome.js';
import { isOutage, throughOutages } from './through-outages.js';

const laterMs = 2_000;
const notConfiguredMs = 60_000;

const formats: Readonly<Record<string, ImageFormat>> = {
  OUTPUT_FORMAT_PNG: 'png',
  OUTPUT_FORMAT_JPEG: 'jpeg',
  OUTPUT_FORMAT_WEBP: 'webp',
};

/** The request of an attempt: from the log alone, so that a repeat is the same bytes. */
export function requestOf(
  ports: GatewayPorts,
  job: Job,
  { state, events }: LoadedGeneration,
  access: ModelAccess,
  attempt: Pick<Attempt, 'number' | 'run' | 'reference' | 'seed'>,
): VendorRequest {
  const asked = events[0];
  const prompt = asked?.type === 'GenerationRequested' ? asked.data.prompt : undefined;
  if (prompt === undefined) throw new Error(`the prompt of ${job.claim.generation} is gone`);
  const { width, height, count, outputFormat } = state.requested;
  const token = sealAttemptToken(ports.signer, {
    generation: job.claim.generation,
    run: attempt.run,
    attempt: attempt.number,
  });
  const input: SubmitInput = {
    model: access.model,
    prompt,
    width,
    height,
    count,
    seed: attempt.seed,
    format: formats[outputFormat] ?? 'png',
    reference: attempt.reference,
    ...(access.sheet.takesWebhook
      ? { webhookUrl: `${ports.publicUrl}/v1/provider-webhooks/${access.account.vendor}/${token}` }
      : {}),
  };
  return access.adapter.submit(input);
}

/** The submit, line by line: what can wait waits before the intent is on record; after that, only what must. */
export async function submit(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
  action: Extract<GatewayAction, { do: 'submit' }>,
): Promise<Next> {
  const { state } = loaded;
  const until = (ms: number): Next => restUntil(ports, state, Math.min(ports.now() + ms, state.deadline));
  const access = ports.accessTo(action.model);
  if (access === undefined) return until(notConfiguredMs);
  const { id } = access.account;
  const hasSlot = job.claim.holdsSlot && job.claim.account === id;
  if (!hasSlot && !(await ports.jobs.takeSlot(job.claim, id, access.slots))) return waitForTurn(state, id);
  const found = await lastLookUp(ports, job, state, action.lookUpFirst);
  if (found === 'lost-the-row') return 'released';
  if (found === 'found') return again;
  if (found === 'no-answer') return until(laterMs);

  const attempt = {
    number: state.attempts.length + 1,
    run: state.run,
    reference: ports.newId(),
    seed: state.requested.seed,
  };
  const request = requestOf(ports, job, loaded, access, attempt);
  const connection = await ports.calls.prepareSubmit(access, request);
  if (connection.kind === 'not-sent') {
    const { count } = ports.unreachable.failed(id, ports.now());
    ports.logger.warn({ account: id, reason: connection.reason }, 'the vendor cannot be reached');
    return until(unreachableDelay(count, ports.random()));
  }
  ports.unreachable.ended(id);
  try {
    await ports.at(1, job.claim.generation);
    if (job.signal.aborted) return handBack(ports, job.claim, state);
    // The last thing asked before the intent: who is let through as the probe also probes.
    const admission = await ports.gate.admit(id, ports.policy.probeSeconds);
    if (admission === 'closed') return waitForTurn(state, id);
    const isProbe = admission === 'probe';
    return await sendOnce(ports, job, state, { access, attempt, request, connection, isProbe });
  } finally {
    await connection.close();
  }
}

/** One last look at what was thought not to be there. */
async function lastLookUp(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  attempts: readonly Attempt[],
): Promise<'found' | 'nothing' | 'no-answer' | 'lost-the-row'> {
  for (const attempt of attempts) {
    const access = ports.accessTo(attempt.model);
    if (access?.adapter.lookup(access.model, attempt.reference) === undefined) continue;
    const answer = await ports.calls.lookup(access, attempt, job.signal);
    if (answer.kind === 'found') {
      for (const { jobId } of answer.jobs) {
        const news = { kind: 'accepted', jobId } as const;
        const heard = await hearVendor(ports, job, state, access, attempt, news, { mayRest: false });
        if (heard.outcome === 'fenced') return 'lost-the-row';
        if (heard.outcome === 'appended') return 'found';
      }
    } else if (answer.kind !== 'absent') return 'no-answer';
  }
  return 'nothing';
}

/** A request that is built, on a connection that is open. */
interface ReadyToSend {
  readonly access: ModelAccess;
  readonly attempt: Pick<Attempt, 'number' | 'run' | 'reference' | 'seed'>;
  readonly request: VendorRequest;
  readonly connection: Parameters<GatewayPorts['calls']['submit']>[0];
  readonly isProbe: boolean;
}

async function sendOnce(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  { access, attempt: named, request, connection, isProbe }: ReadyToSend,
): Promise<Next> {
  const { generation } = job.claim;
  // The clock is taken before the intent is written: however long that takes counts against send_by.
  const began = performance.now();
  const now = ports.now();
  const sendByMs = access.sheet.sendBySeconds * 1000;
  const start: Command = {
    type: 'start-submission',
    now,
    account: access.account.id,
    model: access.qualified,
    reference: named.reference,
    seed: named.seed,
    sendBy: now + sendByMs,
    estimatedCost: estimateCost(access.sheet, state.requested.count),
  };
  const started = await appendDecision(ports, job, start, { from: state, mayRest: false }).catch(
    (error: unknown) => {
      if (isOutage(error)) return null;
      throw error;
    },
  );
  if (started === null) return intentUnknown(ports, job, state, access, named.reference);
  if (started.outcome === 'fenced') return 'released';
  if (started.outcome === 'refused')
    return started.reason === 'not_now' ? restUntil(ports, started.state, ports.now() + 200) : again;
  const attempt = attemptOf(started.state, started.state.attempts.length);
  if (attempt?.reference !== named.reference) return again;
  await ports.at(2, generation);
  await ports.at(3, generation);
  // A lease fences the log, it does not fence the vendor: what was not sent by then is not sent at all.
  const sendBy = Math.min(began + sendByMs, job.heldUntil());
  const answering = ports.calls.submit(connection, access, request, sendBy);
  await ports.at(4, generation);
  const outcome = await answering;
  await ports.at(5, generation);
  if (outcome.kind === 'answer')
    await throughOutages(ports, generation, async () =>
      ports.staging.putAnswer(generation, attempt.number, outcome),
    );
  const news = await newsOfSubmit(ports, generation, access, attempt, outcome);
  await ports.at(6, generation);
  const heard = await hearVendor(ports, job, started.state, access, attempt, news);
  await ports.at(7, generation);
  await steerAccount(ports, access, news, isProbe);
  return nextOf(heard);
}

/**
 * The intent may be on record: the answer to its append was lost, and the database with it. Nothing was sent, and nothing will
 * be: a fact that only this process knows, and that saves a person from deciding it.
 */
async function intentUnknown(
  ports: GatewayPorts,
  job: Job,
  from: GenerationState,
  access: ModelAccess,
  reference: string,
): Promise<Next> {
  const asked = (state: GenerationState): Command | undefined => {
    const attempt = state.attempts.find((candidate) => candidate.reference === reference);
    if (attempt === undefined) return undefined;
    return {
      type: 'hear',
      now: ports.now(),
      attempt: attempt.number,
      news: {
        kind: 'not_sent',
        failureClass: 'FAILURE_CLASS_NETWORK',
        reason: 'the database was away when the submit was about to be made',
      },
      contract: access.sheet,
      random: ports.random(),
      policy: ports.policy,
    };
  };
  return nextOf(await appendDecision(ports, job, asked, { from, mayRest: true, isEvidence: true }));
}
