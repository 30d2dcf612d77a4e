import { attemptOf, type Attempt, type GatewayAction, type GenerationState } from '@darkroom/domain';
import { sealAttemptToken } from '@darkroom/platform';
import { estimateCost, type ImageFormat, type SubmitInput, type VendorRequest } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { unreachableDelay } from '../policy/pace.js';
import { appendDecision } from './append-decision.js';
import { hearVendor } from './hear-vendor.js';
import type { LoadedGeneration } from './load-generation.js';
import { again, type Next, restUntil, waitForSlot } from './next.js';
import { newsOfSubmit } from './submit-outcome.js';

const probeSeconds = 60;
const laterMs = 2_000;
const unreachable = new Map<string, number>();

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
  const access = ports.accessTo(action.model);
  if (access === undefined) return restUntil(ports, state, Math.min(ports.now() + 60_000, state.deadline));
  const { id } = access.account;

  const notBefore = await ports.gate.admit(id, probeSeconds);
  if (notBefore !== null) return restUntil(ports, state, Math.min(notBefore, state.deadline));
  if (!job.claim.holdsSlot && !(await ports.jobs.takeSlot(job.claim, id, access.slots)))
    return waitForSlot(state, id);
  const found = await lastLookUp(ports, job, action.lookUpFirst);
  if (found === 'found') return again;
  if (found === 'no-answer') return restUntil(ports, state, ports.now() + laterMs);

  const attempt = {
    number: state.attempts.length + 1,
    run: state.run,
    reference: ports.newId(),
    seed: state.requested.seed,
  };
  const request = requestOf(ports, job, loaded, access, attempt);
  const connection = await ports.calls.prepareSubmit(access, request);
  if (connection.kind === 'not-sent') {
    const failures = (unreachable.get(id) ?? 0) + 1;
    unreachable.set(id, failures);
    ports.logger.warn({ account: id, reason: connection.reason }, 'the vendor cannot be reached');
    return restUntil(
      ports,
      state,
      Math.min(ports.now() + unreachableDelay(failures, ports.random()), state.deadline),
    );
  }
  unreachable.delete(id);
  try {
    await ports.at(1, job.claim.generation);
    return await sendOnce(ports, job, state, access, attempt, request, connection);
  } finally {
    await connection.close();
  }
}

/** One last look at what was thought not to be there. */
async function lastLookUp(
  ports: GatewayPorts,
  job: Job,
  attempts: readonly Attempt[],
): Promise<'found' | 'nothing' | 'no-answer'> {
  for (const attempt of attempts) {
    const access = ports.accessTo(attempt.model);
    if (access?.adapter.lookup(access.model, attempt.reference) === undefined) continue;
    const answer = await ports.calls.lookup(access, attempt);
    if (answer.kind === 'found') {
      for (const { jobId } of answer.jobs) {
        const news = { kind: 'accepted', jobId } as const;
        if ((await hearVendor(ports, job, access, attempt, news)).outcome === 'appended') return 'found';
      }
    } else if (answer.kind !== 'absent') return 'no-answer';
  }
  return 'nothing';
}

async function sendOnce(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  access: ModelAccess,
  named: Pick<Attempt, 'number' | 'run' | 'reference' | 'seed'>,
  request: VendorRequest,
  connection: Parameters<GatewayPorts['calls']['submit']>[0],
): Promise<Next> {
  const { generation } = job.claim;
  // The clock is taken before the intent is written: however long that takes counts against send_by.
  const began = performance.now();
  const now = ports.now();
  const sendByMs = access.sheet.sendBySeconds * 1000;
  const started = await appendDecision(
    ports,
    job,
    {
      type: 'start-submission',
      now,
      account: access.account.id,
      model: access.qualified,
      reference: named.reference,
      seed: named.seed,
      sendBy: now + sendByMs,
      estimatedCost: estimateCost(access.sheet, state.requested.count),
    },
    { mayRest: false },
  );
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
  if (outcome.kind === 'answer') await ports.staging.putAnswer(generation, attempt.number, outcome);
  const news = await newsOfSubmit(ports, generation, access, attempt, outcome);
  await ports.at(6, generation);
  const heard = await hearVendor(ports, job, access, attempt, news);
  await ports.at(7, generation);
  return heard.outcome === 'appended' && heard.released ? 'released' : again;
}
