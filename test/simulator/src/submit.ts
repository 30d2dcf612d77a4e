import { createHash, randomUUID } from 'node:crypto';
import { draw, drawStatus, happens } from './chance.js';
import type { Faults } from './faults.js';
import type { Job } from './job.js';
import { isModelName, microsPerImage, type ModelName, simulatedModels } from './models.js';
import { type Refusal, refusal } from './refusal.js';
import { type ClaimedFields, isRefusal, readSubmitRequest, type SubmitRequest } from './submit-request.js';
import type { Claim, LedgerLine, VendorBook } from './vendor-book.js';

/** A submit as it came in. */
export interface Arrival {
  authorization: string | undefined;
  contentType: string | undefined;
  idempotencyKey: string | undefined;
  body: Buffer;
}

/** How the answer to an accepted submit is spoilt, if at all. */
export type SpoiltReply = 'none' | 'drop' | 'hang' | 'malformed';

/** What is done about a submit. By the time it is returned it stands in the journal. */
export type SubmitDecision =
  | { act: 'destroy' }
  | { act: 'refuse'; refusal: Refusal }
  | { act: 'answer'; job: Job; line: LedgerLine; spoilt: SpoiltReply; early: boolean };

/** A submit that passed the door: it may lie here for a while before it is accepted. */
export interface Admitted {
  act: 'admit';
  request: SubmitRequest & { model: ModelName };
  claimed: ClaimedFields;
  key: string | null;
}

/** Bearer of anything: this vendor sells to everybody, but not to nobody. */
export function hasApiKey(authorization: string | undefined): boolean {
  return authorization !== undefined && /^Bearer +\S+$/i.test(authorization);
}

/** The door: key, shape, and the faults that come before acceptance. None of these charge. */
export function admit(book: VendorBook, arrival: Arrival, now: number): Admitted | SubmitDecision {
  const { claimed, request } = readSubmitRequest(arrival.contentType, arrival.body);
  const key = arrival.idempotencyKey ?? null;
  const turnDown = (why: Refusal): SubmitDecision => {
    book.recordSubmit({ ...ledgerStart(claimed, key, now), reply: 'sent' });
    return { act: 'refuse', refusal: why };
  };
  if (!hasApiKey(arrival.authorization)) return turnDown(refusal(401));
  const { faults } = book;
  const nth = book.tick();
  if (happens(faults.submit.drop_before_accept, faults.seed, 'submit.drop_before_accept', nth)) {
    book.recordSubmit({ ...ledgerStart(claimed, key, now), reply: 'dropped' });
    return { act: 'destroy' };
  }
  const status = drawStatus(faults.submit.status, faults.seed, 'submit.status', nth);
  if (status !== undefined) return turnDown(withRetryAfter(refusal(status), faults));
  if (isRefusal(request)) return turnDown(request);
  const { model } = request;
  if (!isModelName(model))
    return turnDown(refusal(422, { code: 'unknown_model', message: 'model is not known' }));
  if (simulatedModels[model].refusesUsedReference && request.reference === undefined) {
    return turnDown(refusal(422, { message: 'reference is required' }));
  }
  if (key !== null && (key === '' || key.length > 255))
    return turnDown(refusal(400, { message: 'Idempotency-Key' }));
  return { act: 'admit', request: { ...request, model }, claimed, key };
}

/** Acceptance: replays and duplicates first, then limits, then the job and its price. */
export function accept(
  book: VendorBook,
  limiter: { admits(now: number): boolean },
  { request, claimed, key }: Admitted,
  senderWaits: boolean,
  now: number,
): SubmitDecision {
  const { faults } = book;
  const model = simulatedModels[request.model];
  const start = ledgerStart(claimed, key, now);
  const nth = book.tick();
  const turnDown = (why: Refusal, claim?: Claim): SubmitDecision => {
    book.recordSubmit({ ...start, reply: senderWaits ? 'sent' : 'dropped' }, claim ? { claim } : {});
    return { act: 'refuse', refusal: why };
  };

  const name = claimName(request, key);
  const fingerprint = createHash('sha256').update(JSON.stringify(request)).digest('base64url');
  const used = name === undefined ? undefined : book.claim(name, now);
  const usedJob = used?.job ? book.job(used.job) : undefined;
  if (used && model.refusesUsedReference) {
    return turnDown(refusal(409, { code: 'duplicate_reference', message: 'This reference was used before' }));
  }
  const spoilt = spoiltReply(faults, nth);
  const reply = senderWaits && (spoilt === 'none' || spoilt === 'malformed') ? 'sent' : 'dropped';
  if (used) {
    if (used.fingerprint !== fingerprint) {
      return turnDown(
        refusal(422, { code: 'idempotency_mismatch', message: 'This key came with another request' }),
      );
    }
    if (!usedJob) return turnDown(refusal(409, { code: 'key_in_use', message: 'This key is in use' }));
    const line = book.recordSubmit({ ...start, job_id: usedJob.id, replay: true, reply });
    return { act: 'answer', job: usedJob, line, spoilt, early: false };
  }

  if (!limiter.admits(now)) return turnDown(withRetryAfter(refusal(429), faults));
  const { concurrent } = faults.limit;
  const open = book.openJobs(now);
  if (concurrent !== null && open >= concurrent) {
    return turnDown(
      withRetryAfter(refusal(429, { code: 'too_many_jobs', message: 'Too many jobs at once' }), faults),
    );
  }
  if (
    name !== undefined &&
    happens(faults.key.claimed_without_job, faults.seed, 'key.claimed_without_job', nth)
  ) {
    return turnDown(refusal(500), { name, at: now, job: null, fingerprint });
  }

  const job = newJob(request, faults, nth, open, now);
  const claim = name === undefined ? {} : { claim: { name, at: now, job: job.id, fingerprint } };
  const line = book.recordSubmit(
    {
      ...start,
      job_id: job.id,
      accepted: true,
      // An inline answer is still to be made: whether it was sent is written when it is.
      reply: model.inline ? 'dropped' : reply,
      charged_micros: microsPerImage * request.count,
    },
    { job, ...claim },
  );
  const early = job.webhook !== null && happens(faults.webhook.early, faults.seed, 'webhook.early', nth);
  return { act: 'answer', job, line, spoilt, early };
}

function ledgerStart(
  claimed: ClaimedFields,
  key: string | null,
  now: number,
): Omit<LedgerLine, 'seq' | 'reply'> {
  return {
    at: new Date(now).toISOString(),
    ...claimed,
    key,
    job_id: null,
    accepted: false,
    replay: false,
    charged_micros: 0,
  };
}

function withRetryAfter(why: Refusal, faults: Faults): Refusal {
  const waits = why.status === 429 || why.status === 503;
  return waits && faults.submit.retry_after !== undefined
    ? { ...why, retryAfter: faults.submit.retry_after }
    : why;
}

/** What may be used once: the key of `keyed`, the reference of `reject`. */
function claimName(request: SubmitRequest & { model: ModelName }, key: string | null): string | undefined {
  const model = simulatedModels[request.model];
  if (model.keyed && key !== null) return `key:${key}`;
  if (model.refusesUsedReference && request.reference !== undefined) return `reference:${request.reference}`;
  return undefined;
}

function spoiltReply(faults: Faults, nth: number): SpoiltReply {
  const { drop_reply, hang, malformed } = faults.submit;
  if (happens(drop_reply, faults.seed, 'submit.drop_reply', nth)) return 'drop';
  if (happens(hang, faults.seed, 'submit.hang', nth)) return 'hang';
  return happens(malformed, faults.seed, 'submit.malformed', nth) ? 'malformed' : 'none';
}

function newJob(
  request: SubmitRequest & { model: ModelName },
  faults: Faults,
  nth: number,
  ahead: number,
  now: number,
): Job {
  const [shortest, longest] = faults.job.seconds;
  const milliseconds = 1_000 * (shortest + (longest - shortest) * draw(faults.seed, 'job.seconds', nth));
  const model = simulatedModels[request.model];
  const { webhook } = faults;
  const sends =
    request.webhook_url !== undefined &&
    !model.inline &&
    happens(webhook.send, faults.seed, 'webhook.send', nth);
  return {
    id: `job_${randomUUID().replaceAll('-', '')}`,
    model: request.model,
    prompt: request.prompt,
    width: request.width,
    height: request.height,
    count: request.count,
    seed: request.seed,
    format: request.format,
    reference: model.takesReference ? (request.reference ?? null) : null,
    queue_position: ahead,
    accepted_at: now,
    // The first tenth is spent in the queue.
    starts_at: Math.round(now + milliseconds / 10),
    ends_at: Math.round(now + milliseconds),
    end: jobEnd(faults, nth),
    webhook:
      sends && request.webhook_url !== undefined
        ? {
            url: request.webhook_url,
            duplicate: happens(webhook.duplicate, faults.seed, 'webhook.duplicate', nth),
            forge: happens(webhook.forge, faults.seed, 'webhook.forge', nth),
            lose: happens(webhook.lose, faults.seed, 'webhook.lose', nth),
            delay_ms: webhook.delay_seconds * 1_000,
          }
        : null,
  };
}

function jobEnd(faults: Faults, nth: number): Job['end'] {
  if (happens(faults.job.moderate, faults.seed, 'job.moderate', nth)) return 'moderated';
  return happens(faults.job.fail, faults.seed, 'job.fail', nth) ? 'failed' : 'succeeded';
}
