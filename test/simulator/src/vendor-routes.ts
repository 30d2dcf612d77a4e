import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { draw, drawStatus, happens } from './chance.js';
import { isEnded, type Job, oneStepBack } from './job.js';
import { inlineJson, jobJson, type OutputLinks } from './job-json.js';
import { simulatedModels } from './models.js';
import type { Pictures } from './pictures.js';
import type { RateLimiter } from './rate-limiter.js';
import { type Refusal, refusal } from './refusal.js';
import { malformedAnswer } from './spoilt-answers.js';
import { accept, admit, hasApiKey, type SubmitDecision } from './submit.js';
import { submitBodyLimit } from './submit-request.js';
import type { VendorBook } from './vendor-book.js';
import type { WebhookSender } from './webhooks.js';

/** What the vendor's API works with. */
export interface Vendor {
  book: VendorBook;
  pictures: Pictures;
  links: OutputLinks;
  limiter: RateLimiter;
  webhooks: WebhookSender;
  /** Aborted when the server stops. */
  stopping: AbortSignal;
}

export function refuse(reply: FastifyReply, why: Refusal): FastifyReply {
  if (why.retryAfter !== undefined) reply.header('retry-after', why.retryAfter);
  return reply.status(why.status).send({ error: { code: why.code, message: why.message } });
}

/** Ends the exchange without an answer. */
export function destroy(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.destroy();
  return reply;
}

/** Leaves the caller waiting until it gives up or the server stops. */
function hang(reply: FastifyReply): FastifyReply {
  reply.hijack();
  return reply;
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** A job as it is shown now; links are made fresh for every answer. */
export async function showJob(vendor: Vendor, job: Job, view = vendor.book.view(job, Date.now())) {
  const pictures = view.status === 'succeeded' ? await vendor.pictures.all(job) : [];
  return jobJson(
    job,
    view,
    pictures,
    vendor.links,
    Date.now() + vendor.book.faults.output.link_seconds * 1_000,
  );
}

/** Routes of the vendor's own API. */
export function vendorRoutes(app: FastifyInstance, vendor: Vendor): void {
  const { book } = vendor;

  app.post('/v1/jobs', { bodyLimit: submitBodyLimit }, async (request, reply) => {
    const arrival = {
      authorization: request.headers.authorization,
      contentType: request.headers['content-type'],
      idempotencyKey: header(request, 'idempotency-key'),
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    };
    const admitted = admit(book, arrival, Date.now());
    if (admitted.act !== 'admit') return answer(admitted);
    const wait = book.faults.submit.accept_delay_seconds;
    if (wait > 0) await delay(wait * 1_000, undefined, { signal: vendor.stopping });
    return answer(accept(book, vendor.limiter, admitted, !request.raw.socket.destroyed, Date.now()));

    async function answer(decision: SubmitDecision): Promise<FastifyReply> {
      if (decision.act === 'destroy') return destroy(request, reply);
      if (decision.act === 'refuse') return refuse(reply, decision.refusal);
      return answerAccepted(vendor, request, reply, decision);
    }
  });

  app.get<{ Params: { id: string } }>('/v1/jobs/:id', async (request, reply) => {
    if (!hasApiKey(request.headers.authorization)) return refuse(reply, refusal(401));
    const { faults } = book;
    const nth = book.tick();
    const status = drawStatus(faults.poll.status, faults.seed, 'poll.status', nth);
    if (status !== undefined)
      return refuse(reply, { ...refusal(status), retryAfter: faults.submit.retry_after });
    if (happens(faults.poll.drop_reply, faults.seed, 'poll.drop_reply', nth)) return destroy(request, reply);
    if (happens(faults.poll.hang, faults.seed, 'poll.hang', nth)) return hang(reply);
    const job = pollable(vendor, request.params.id);
    if (!job || happens(faults.poll.not_found, faults.seed, 'poll.not_found', nth))
      return refuse(reply, refusal(404));
    const view = book.view(job, Date.now());
    const shown = happens(faults.poll.backwards, faults.seed, 'poll.backwards', nth)
      ? oneStepBack(view)
      : view;
    return reply.send(await showJob(vendor, job, shown));
  });

  app.get<{ Querystring: { reference?: unknown } }>('/v1/jobs', async (request, reply) => {
    if (!hasApiKey(request.headers.authorization)) return refuse(reply, refusal(401));
    const { reference } = request.query;
    if (typeof reference !== 'string' || reference === '') {
      return refuse(reply, refusal(400, { message: 'Give one reference to list by' }));
    }
    const { faults } = book;
    const newest = Date.now() - faults.list.lag_seconds * 1_000;
    const listed = book
      .jobsByReference(reference)
      .filter((job) => simulatedModels[job.model].listed && job.accepted_at <= newest)
      .filter(() => !happens(faults.list.omit, faults.seed, 'list.omit', book.tick()));
    return reply.send({ data: await Promise.all(listed.map((job) => showJob(vendor, job))) });
  });

  app.post<{ Params: { id: string } }>('/v1/jobs/:id/cancel', async (request, reply) => {
    if (!hasApiKey(request.headers.authorization)) return refuse(reply, refusal(401));
    const job = pollable(vendor, request.params.id);
    if (!job) return refuse(reply, refusal(404));
    book.cancel(job, Date.now());
    return reply.send(await showJob(vendor, job));
  });
}

/** An inline job has no name that anybody was given. */
function pollable(vendor: Vendor, id: string): Job | undefined {
  const job = vendor.book.job(id);
  return job && !simulatedModels[job.model].inline ? job : undefined;
}

async function answerAccepted(
  vendor: Vendor,
  request: FastifyRequest,
  reply: FastifyReply,
  { job, line, spoilt, early }: Extract<SubmitDecision, { act: 'answer' }>,
): Promise<FastifyReply> {
  const { book } = vendor;
  if (line.accepted) vendor.webhooks.schedule(job);
  if (early) await vendor.webhooks.sendEarly(job);
  if (spoilt === 'hang') return hang(reply);
  const { inline } = simulatedModels[job.model];
  if (inline) {
    while (!isEnded(book.view(job, Date.now()).status) && Date.now() < job.ends_at) {
      await delay(job.ends_at - Date.now(), undefined, { signal: vendor.stopping });
    }
  }
  if (spoilt === 'drop') return destroy(request, reply);
  if (request.raw.socket.destroyed) {
    book.recordReply(line.seq, 'dropped');
    return hang(reply);
  }
  if (spoilt === 'malformed') {
    book.recordReply(line.seq, 'sent');
    return sendSpoilt(vendor, request, reply, job);
  }
  const body = inline
    ? inlineJson(job, job.end === 'succeeded' ? await vendor.pictures.all(job) : [])
    : { id: job.id, status: 'queued', queue_position: job.queue_position };
  book.recordReply(line.seq, 'sent');
  return reply.status(inline ? 200 : 201).send(body);
}

function sendSpoilt(vendor: Vendor, request: FastifyRequest, reply: FastifyReply, job: Job): FastifyReply {
  const { book } = vendor;
  const spoilt = malformedAnswer(job.id, draw(book.faults.seed, 'submit.malformed.way', book.tick()));
  if (!spoilt.cut) return reply.status(spoilt.status).type(spoilt.contentType).send(spoilt.body);
  reply.hijack();
  reply.raw.writeHead(spoilt.status, {
    'content-type': spoilt.contentType,
    'content-length': spoilt.body.length,
  });
  reply.raw.write(spoilt.body.subarray(0, spoilt.body.length / 2), () => request.raw.socket.destroy());
  return reply;
}
