import type { Attempt, VendorNews } from '@darkroom/domain';
import type { Answer, EgressOutcome } from '@darkroom/platform';
import type { JobState, VendorRequest } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts } from '../gateway-ports.js';
import { evidenceOf, requestLine } from '../policy/evidence.js';
import { addressOf } from '../policy/vendor-address.js';
import { type Links, newsOfLost, newsOfNotSent, newsOfState } from '../policy/vendor-news.js';
import { throughOutages } from './through-outages.js';

/** What a first send's outcome says; a whole answer is staged before this returns. */
export async function newsOfSubmit(
  ports: GatewayPorts,
  generation: string,
  access: ModelAccess,
  attempt: Attempt,
  request: VendorRequest,
  outcome: EgressOutcome,
): Promise<VendorNews> {
  if (outcome.kind === 'not-sent') return newsOfNotSent(outcome);
  const sent = requestLine(request.method, addressOf(access, request));
  if (outcome.kind === 'lost') {
    const evidence = evidenceOf(outcome, { stagingKey: '', observedAt: ports.now(), request: sent });
    return newsOfLost(outcome, evidence);
  }
  return newsOfAnswer(ports, generation, access, attempt, outcome, sent);
}

/** What a whole answer says, whether it came just now or was staged by somebody who is gone. */
async function newsOfAnswer(
  ports: GatewayPorts,
  generation: string,
  access: ModelAccess,
  attempt: Attempt,
  answer: Answer,
  request: string,
): Promise<VendorNews> {
  const now = ports.now();
  const stagingKey = ports.staging.answerKey(generation, attempt.number);
  const evidence = evidenceOf(answer, { stagingKey, observedAt: now, request });
  const said = access.adapter.readSubmit(access.model, answer, now);
  switch (said.kind) {
    case 'accepted':
      return {
        kind: 'accepted',
        jobId: said.jobId,
        ...(said.jobUrl === undefined ? {} : { jobUrl: said.jobUrl }),
        ...(said.cost === undefined ? {} : { cost: said.cost }),
        queuePosition: said.queuePosition,
        evidence,
      };
    case 'ended': {
      const news = await newsOfJob(ports, generation, access, attempt, said.jobId, said.state);
      return news.kind === 'not_sent' || news.kind === 'absent' ? news : { ...news, evidence };
    }
    case 'refused': {
      const { failureClass, vendorCode, vendorMessage, retryAfterSeconds } = said;
      return { kind: 'refused', failureClass, vendorCode, vendorMessage, retryAfterSeconds, evidence };
    }
    case 'duplicate':
      return { kind: 'unknown', cause: 'UNKNOWN_CAUSE_KEY_USED', evidence };
    case 'unreadable':
      return { kind: 'unknown', cause: 'UNKNOWN_CAUSE_UNREADABLE', evidence };
  }
}

/** What a job's state means, its inline images staged. */
export async function newsOfJob(
  ports: GatewayPorts,
  generation: string,
  access: ModelAccess,
  attempt: Attempt,
  jobId: string | null,
  state: JobState,
): Promise<VendorNews> {
  const outputs = state.kind === 'produced' ? state.outputs : [];
  const staged = await throughOutages(ports, generation, async () =>
    ports.staging.putOutputs(generation, attempt.number, outputs),
  );
  return newsOfState(jobId, state, staged, linksOf(access, ports.now()));
}

/** What a look says of a job that nobody was sure of: that it runs means that it was accepted. */
export async function newsOfKnownJob(
  ports: GatewayPorts,
  generation: string,
  access: ModelAccess,
  attempt: Attempt,
  jobId: string,
  state: JobState,
): Promise<VendorNews> {
  return state.kind === 'open'
    ? { kind: 'accepted', jobId }
    : newsOfJob(ports, generation, access, attempt, jobId, state);
}

/** What is true of links that the vendor gave just now. */
export function linksOf({ sheet, account }: ModelAccess, now: number): Links {
  const { linkLifeSeconds } = sheet;
  const expiresAt = linkLifeSeconds === null ? null : new Date(now + linkLifeSeconds * 1000).toISOString();
  return { expiresAt, baseUrl: account.baseUrl };
}

/** What a staged answer says of the first send; null: none was staged, or it tells nothing that is not on record. */
export async function newsOfStaged(
  ports: GatewayPorts,
  generation: string,
  access: ModelAccess,
  attempt: Attempt,
): Promise<VendorNews | null> {
  const answer = await ports.staging.getAnswer(generation, attempt.number);
  if (answer === null) return null;
  const news = await newsOfAnswer(ports, generation, access, attempt, answer, '');
  // The answer that named the job proves no longer that it is there, once the vendor has said that it is not.
  const isOnRecord = news.kind === 'accepted' && attempt.everAccepted && news.jobId === attempt.vendorJobId;
  // That the key was used is worth telling once, by whoever declares the sender gone.
  const isNoNews =
    news.kind === 'unknown' && (news.cause !== 'UNKNOWN_CAUSE_KEY_USED' || attempt.status !== 'started');
  return isNoNews || isOnRecord ? null : news;
}
