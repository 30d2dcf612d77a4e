import { ProblemError } from '@darkroom/platform';
import { type HistoryEvent, toHistory } from '@darkroom/read-models';
import { Controller, Get, Inject, Param, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../adapters/key-directory.js';
import { IntakeParts } from '../intake-parts.js';
import { acceptedStream } from '../policy/accepted-stream.js';
import { followGeneration, type GenerationNews } from '../use-cases/follow-generation.js';
import { Caller, KeyGuard } from './caller.js';
import { sendStream, sseHeartbeat, sseOpening, sseText } from './event-stream.js';
import { findGeneration } from './generations.controller.js';

/** One generation's history: as a list, or followed to its end. */
@Controller('v1/generations/:id/events')
@UseGuards(KeyGuard)
export class GenerationEventsController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Get()
  async events(
    @Caller() principal: Principal,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const detail = await findGeneration(this.parts, principal, id);
    if (!detail) throw new ProblemError('not_found');
    if (acceptedStream(request.headers.accept) !== 'sse') {
      const data: HistoryEvent[] = toHistory(
        await this.parts.store.readStream(detail.id, { tenant: principal.tenant }),
      );
      void reply.header('cache-control', 'private, no-cache').send({ data });
      return;
    }
    const stream = this.parts.streams.open(principal);
    if (!stream)
      throw new ProblemError('rate_limited', 'Too many streams are open.', { retryAfterSeconds: 10 });
    const news = followGeneration(
      {
        attach: () => this.parts.tail.attach(principal.tenant),
        read: (after) => this.parts.store.readStream(detail.id, { after, tenant: principal.tenant }),
      },
      {
        generation: detail.id,
        after: versionOf(request.headers['last-event-id'], detail.version),
        heartbeatMs: this.parts.config.heartbeatMs,
        signal: stream.signal,
      },
    );
    await sendStream(request, reply, asText(news), {
      contentType: 'text/event-stream; charset=utf-8',
      stuckAfterMs: this.parts.config.stuckAfterMs,
      signal: stream.signal,
      done: stream.done,
      onError: (err) => this.parts.logger.warn({ err }, 'an event stream was cut'),
    });
  }
}

/** What is no version that this generation has had starts from the beginning: after one of the future nothing would ever come. */
function versionOf(lastEventId: unknown, newest: number): number {
  const version = typeof lastEventId === 'string' && /^\d{1,9}$/.test(lastEventId) ? Number(lastEventId) : 0;
  return version <= newest ? version : 0;
}

async function* asText(news: AsyncIterable<GenerationNews>): AsyncGenerator<string, void> {
  yield sseOpening;
  for await (const item of news) {
    if (item.kind === 'heartbeat') yield sseHeartbeat;
    else
      for (const event of toHistory([item.event]))
        yield sseText({ id: String(event.version), data: JSON.stringify(event) });
  }
}
