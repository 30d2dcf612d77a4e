import type { Attempt, VendorNews } from '@darkroom/domain';
import type { Answer, EgressOutcome } from '@darkroom/platform';
import type { JobState } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts } from '../gateway-ports.js';
import { evidenceOf } from '../policy/evidence.js';
import { newsOfLost, newsOfNotSent, newsOfState } from '../policy/vendor-news.js';
import { throughOutages } from './through-outages.js';

/** What a first send's outcome says; a whole answer is staged before this returns. */
export async function newsOfSubmit(
  ports: GatewayPorts,
  generation: string,
  access: ModelAccess,
  attempt: Attempt,
  outcome: EgressOutcome,
): Promise<VendorNews> {
  if (outcome.kind === 'not-sent') return newsOfNotSent(outcome);
  if (outcome.kind === 'lost') return newsOfLost(outcome, evidenceOf(outcome, '', ports.now()));
  return newsOfAnswer(ports, generation, access, attempt, outcome);
}

/** What a whole answer says, whether it came just now or was staged by somebody who is gone. */
export async function newsOfAnswer(
  ports: GatewayPorts,
  generation: string,
  access: ModelAccess,
  attempt: Attempt,
  answer: Answer,
): Promise<VendorNews> {
  const now = ports.now();
  const evidence = evidenceOf(answer, ports.staging.answerKey(generation, attempt.number), now);
  const said = access.adapter.readSubmit(access.model, answer, now);
  switch (said.kind) {
    case 'accepted':
      return { kind: 'accepted', jobId: said.jobId, queuePosition: said.queuePosition, evidence };
    case 'ended': {
      const news = await newsOfJob(ports, generation, access, attempt, said.jobId, said.state);
      return news.kind === 'not_sent' || news.kind === 'absent' ? news : { ...news, evidence };
    }
    case 'refused': {
      const { failureClass, vendorCode, vendorMessage, retryAfterSeconds } = said;
      return { kind: 'refused', failureClass, vendorCode, vendorMessage, retryAfterSeconds, evidence };
    }
    case 'duplicate':
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
  return newsOfState(jobId, state, staged, linkEnd(access, ports.now()));
}

/** When links that the vendor gave just now end, RFC 3339; null: they do not, or nobody says. */
export function linkEnd(access: ModelAccess, now: number): string | null {
  const { linkLifeSeconds } = access.sheet;
  return linkLifeSeconds === null ? null : new Date(now + linkLifeSeconds * 1000).toISOString();
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
  const news = await newsOfAnswer(ports, generation, access, attempt, answer);
  // The answer that named the job proves no longer that it is there, once the vendor has said that it is not.
  const isOnRecord = news.kind === 'accepted' && attempt.everAccepted && news.jobId === attempt.vendorJobId;
  return news.kind === 'unknown' || isOnRecord ? null : news;
}
