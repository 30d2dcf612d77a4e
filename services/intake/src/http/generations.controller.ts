import type { EventStore } from '@darkroom/event-store';
import {
  endServerSpan,
  fromPublicId,
  inSpan,
  newGenerationId,
  newUuid,
  pooledRandomBytes,
  ProblemError,
  spanNames,
  toPublicId,
  traceparentOf,
  traceUrl,
} from '@darkroom/platform';
import { sheetFor } from '@darkroom/providers';
import {
  countGenerations,
  type GenerationCounts,
  type GenerationDetail,
  type GenerationResource,
  getGeneration,
  listGenerations,
  statusOf,
  toResource,
} from '@darkroom/read-models';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../adapters/key-directory.js';
import { IntakeParts } from '../intake-parts.js';
import { matchesEntityTag, weakEntityTag } from '../policy/entity-tag.js';
import { type KeyRefusal, parseIdempotencyKey } from '../policy/idempotency-key.js';
import { parsePreferWait } from '../policy/prefer.js';
import { createGenerationSchema } from '../schemas/create-generation.js';
import { checkBody, checkQuery, fieldError } from '../schemas/field-errors.js';
import { listQuerySchema } from '../schemas/list-query.js';
import { cancelGeneration } from '../use-cases/cancel-generation.js';
import { createGeneration, type CreateResult } from '../use-cases/create-generation.js';
import { eraseContent } from '../use-cases/erase-content.js';
import { waitForEnd } from '../use-cases/wait-for-end.js';
import { Caller, KeyGuard } from './caller.js';

/** Seconds after which an open generation is worth another look. */
const lookAgainSeconds = 1;

interface Envelope<T> {
  readonly data: T;
}
interface Page {
  readonly data: readonly GenerationResource[];
  readonly next: string | null;
}
/** What a 202 says: the same for the first request and for every replay. */
interface Accepted {
  readonly id: string;
  readonly status: 'queued';
  readonly created_at: string;
  readonly links: Omit<GenerationResource['links'], 'trace'>;
}

/** Generations: ask, look, list, cancel, erase. */
@Controller('v1/generations')
@UseGuards(KeyGuard)
export class GenerationsController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Post()
  @HttpCode(202)
  async create(
    @Caller() principal: Principal,
    @Body() sent: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Envelope<Accepted> | Envelope<GenerationResource>> {
    const idempotencyKey = keyOf(request);
    const wish = checkBody(createGenerationSchema, sent);
    const result = await createGeneration(this.createPorts(), {
      principal,
      idempotencyKey,
      sent,
      wish,
      traceparent: traceparentOf(request),
    });
    const accepted = acceptedOrThrow(result);
    const id = toPublicId('gen', accepted.id);
    void reply.header('location', `/v1/generations/${id}`);
    if (accepted.replayed) void reply.header('idempotency-replayed', 'true');

    const wait = parsePreferWait(request.headers.prefer);
    if (wait !== undefined) void reply.header('preference-applied', `wait=${wait}`);
    if (wait !== undefined && wait > 0 && !accepted.replayed) {
      endServerSpan(request);
      const finished = await inSpan(spanNames.waitForEnd, {}, async () =>
        this.waitFor(principal, accepted.id, wait, reply),
      );
      if (finished) {
        void reply.code(200);
        return { data: this.resource(finished) };
      }
    }
    void reply.header('retry-after', String(lookAgainSeconds));
    return {
      data: { id, status: 'queued', created_at: accepted.createdAt.toISOString(), links: linksOf(id) },
    };
  }

  @Get()
  async list(
    @Caller() { tenant }: Principal,
    @Query() sent: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page> {
    const query = checkQuery(listQuerySchema, sent);
    const answer = await listGenerations(this.parts, {
      tenant,
      limit: query.limit,
      ...(query.after === undefined ? {} : { after: query.after }),
      ...(query.status === undefined ? {} : { status: query.status }),
      ...(query.model === undefined ? {} : { model: query.model }),
      ...(query.created_after === undefined ? {} : { createdAfter: query.created_after }),
      ...(query.created_before === undefined ? {} : { createdBefore: query.created_before }),
    });
    if (answer.outcome === 'bad-cursor') throw new ProblemError('invalid_cursor');
    if (answer.next !== null) {
      const next = new URLSearchParams(request.url.split('?')[1] ?? '');
      next.set('after', answer.next);
      void reply.header('link', `</v1/generations?${next.toString()}>; rel="next"`);
    }
    return { data: answer.generations.map((detail) => this.resource(detail)), next: answer.next };
  }

  // Before `:id`, which would take it for one.
  @Get('counts')
  async counts(
    @Caller() { tenant }: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Envelope<GenerationCounts>> {
    void reply.header('cache-control', 'private, no-cache');
    return { data: await countGenerations(this.parts.sql, { tenant }) };
  }

  @Get(':id')
  async get(
    @Caller() principal: Principal,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Envelope<GenerationResource> | undefined> {
    const detail = await this.find(principal, id);
    const body = { data: this.resource(detail) };
    const tag = weakEntityTag(JSON.stringify(body));
    void reply.header('etag', tag).header('cache-control', 'private, no-cache');
    if (!isFinal(detail)) void reply.header('retry-after', String(lookAgainSeconds));
    if (!matchesEntityTag(request.headers['if-none-match'], tag)) return body;
    void reply.code(304);
    return undefined;
  }

  @Post(':id/cancel')
  @HttpCode(202)
  async cancel(
    @Caller() principal: Principal,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<Envelope<GenerationResource>> {
    const { id: stream } = await this.find(principal, id);
    const result = await cancelGeneration(this.appendPorts(), {
      now: Date.now(),
      stream,
      tenant: principal.tenant,
      actor: `client:${principal.keyId}`,
      traceparent: traceparentOf(request),
    });
    if (result === 'not-found') throw new ProblemError('not_found');
    if (result === 'already-final') throw new ProblemError('already_final');
    if (result === 'too-late') throw new ProblemError('too_late');
    return { data: this.resource(await this.find(principal, id)) };
  }

  @Delete(':id/content')
  @HttpCode(204)
  async erase(
    @Caller() principal: Principal,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const { id: stream } = await this.find(principal, id);
    const result = await eraseContent(this.appendPorts(), {
      stream,
      tenant: principal.tenant,
      actor: `client:${principal.keyId}`,
      traceparent: traceparentOf(request),
    });
    if (result === 'not-found') throw new ProblemError('not_found');
    if (result === 'still-open') throw new ProblemError('still_open');
  }

  private async find(principal: Principal, id: string): Promise<GenerationDetail> {
    const detail = await findGeneration(this.parts, principal, id);
    if (!detail) throw new ProblemError('not_found');
    return detail;
  }

  private resource(detail: GenerationDetail): GenerationResource {
    return toResource(detail, {
      now: Date.now(),
      links: this.parts.links,
      traceUrl: (traceId) => traceUrl(this.parts.config.traceUrl, traceId),
      usualSeconds: (model) => sheetFor(model)?.usualSeconds ?? null,
    });
  }

  private async waitFor(
    principal: Principal,
    generation: string,
    seconds: number,
    reply: FastifyReply,
  ): Promise<GenerationDetail | undefined> {
    const stream = this.parts.streams.open(principal);
    // Too many are held already: the 202 is as good an answer.
    if (!stream) return undefined;
    reply.raw.once('close', stream.done);
    try {
      const detail = await waitForEnd(
        {
          attach: () => this.parts.tail.attach(principal.tenant),
          read: () => getGeneration(this.parts, { id: generation, tenant: principal.tenant }),
          isFinal: (found) => found === undefined || isFinal(found),
        },
        { generation, milliseconds: seconds * 1000, signal: stream.signal },
      );
      return detail && isFinal(detail) ? detail : undefined;
    } catch (err) {
      // It is stored: what went wrong in waiting must not turn into an error that looks like a refusal.
      this.parts.logger.warn({ err }, 'could not wait for a generation');
      return undefined;
    } finally {
      stream.done();
    }
  }

  private appendPorts() {
    const { store, sql, objects } = this.parts;
    return { store, sql, objects, newEventId: newUuid };
  }

  private createPorts() {
    const { store, signer, config } = this.parts;
    return {
      store,
      signer,
      models: config.models,
      routes: config.routes,
      budgets: this.parts.budgets,
      dailyBudget: config.dailyBudget,
      newGenerationId,
      newEventId: newUuid,
      randomBytes: pooledRandomBytes,
    };
  }
}

/** A generation of the caller's; undefined alike for one that is missing, foreign or not even an id. */
export async function findGeneration(
  parts: { readonly sql: IntakeParts['sql']; readonly store: Pick<EventStore, 'readStream'> },
  principal: Principal,
  id: string,
): Promise<GenerationDetail | undefined> {
  const stream = fromPublicId('gen', id);
  return stream === undefined ? undefined : getGeneration(parts, { id: stream, tenant: principal.tenant });
}

function isFinal(detail: GenerationDetail): boolean {
  const status = statusOf(detail.state.phase);
  return status === 'succeeded' || status === 'failed' || status === 'canceled';
}

function linksOf(id: string): Omit<GenerationResource['links'], 'trace'> {
  const self = `/v1/generations/${id}`;
  return { self, events: `${self}/events`, cancel: `${self}/cancel` };
}

const keyProblems: Record<KeyRefusal, () => ProblemError> = {
  missing: () =>
    new ProblemError('idempotency_key_missing', 'Send an Idempotency-Key header with a value of your own.'),
  repeated: () =>
    new ProblemError('idempotency_key_invalid', 'The Idempotency-Key header was sent more than once.'),
  malformed: () =>
    new ProblemError('idempotency_key_invalid', 'An Idempotency-Key is 1 to 255 visible ASCII characters.'),
};

function keyOf(request: FastifyRequest): string {
  const parsed = parseIdempotencyKey(request.raw.rawHeaders);
  if (parsed.kind === 'refused') throw keyProblems[parsed.refusal]();
  return parsed.key;
}

function acceptedOrThrow(result: CreateResult): Extract<CreateResult, { outcome: 'accepted' }> {
  if (result.outcome === 'accepted') return result;
  if (result.outcome === 'mismatch')
    throw new ProblemError('idempotency_mismatch', 'This key was used for a request with another body.');
  if (result.outcome === 'beyond-limits')
    throw new ProblemError('invalid_fields', undefined, { errors: result.errors });
  if (result.outcome === 'budget-used-up')
    throw new ProblemError(
      'budget_used_up',
      `What this tenant may spend a day is used up. A new day begins at ${result.until.toISOString()}.`,
    );
  throw new ProblemError('unknown_model', undefined, {
    errors: [fieldError(['model'], 'unknown_model')],
  });
}
