import { type Cursor, EventStoreError, parseCursor } from '@darkroom/event-store';
import { ProblemError } from '@darkroom/platform';
import { type FeedEvent, feedEventToHistory, feedHead, readFeed } from '@darkroom/read-models';
import { Controller, Get, Inject, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../adapters/key-directory.js';
import { IntakeParts } from '../intake-parts.js';
import { acceptedStream } from '../policy/accepted-stream.js';
import { feedQuerySchema } from '../schemas/feed-query.js';
import { checkQuery } from '../schemas/field-errors.js';
import { type FeedNews, type FollowPorts, followTenantFeed } from '../use-cases/follow-tenant-feed.js';
import { Caller, KeyGuard } from './caller.js';
import { sendStream, sseHeartbeat, sseOpening, sseText } from './event-stream.js';

type From = Cursor | 'latest' | 'lost';

/** The tenant's event stream. */
@Controller('v1/events')
@UseGuards(KeyGuard)
export class FeedController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Get()
  async follow(
    @Caller() principal: Principal,
    @Query() sent: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const query = checkQuery(feedQuerySchema, sent);
    const format = acceptedStream(request.headers.accept) ?? 'sse';
    const from = this.startOf(query.after, request.headers['last-event-id'], format);
    const stream = this.parts.streams.open(principal);
    if (!stream)
      throw new ProblemError('rate_limited', 'Too many streams are open.', { retryAfterSeconds: 10 });
    const news = followTenantFeed(this.ports(), {
      tenant: principal.tenant,
      from,
      ...(query.type === undefined ? {} : { types: query.type }),
      heartbeatMs: this.parts.config.heartbeatMs,
      signal: stream.signal,
    });
    const text = format === 'sse' ? asEventStream(news) : asLines(news);
    const type =
      format === 'sse' ? 'text/event-stream; charset=utf-8' : 'application/x-ndjson; charset=utf-8';
    await sendStream(request, reply, text, {
      contentType: type,
      stuckAfterMs: this.parts.config.stuckAfterMs,
      signal: stream.signal,
      done: stream.done,
      onError: (err) => this.parts.logger.warn({ err }, 'an event stream was cut'),
    });
  }

  /** A browser's Last-Event-ID is newer than the address it once opened. What it holds was ours to give: garbage means resync. */
  private startOf(after: string | undefined, lastEventId: unknown, format: 'sse' | 'ndjson'): From {
    if (typeof lastEventId === 'string' && lastEventId !== '') return cursorOf(lastEventId) ?? 'lost';
    if (after === undefined) return format === 'sse' ? 'latest' : this.parts.store.origin;
    if (after === '') return this.parts.store.origin;
    const cursor = cursorOf(after);
    if (!cursor) throw new ProblemError('invalid_cursor');
    return cursor;
  }

  private ports(): FollowPorts {
    const { tail, sql, store } = this.parts;
    return {
      attach: (tenant) => tail.attach(tenant),
      head: () => feedHead({ store }),
      read: (tenant, after, limit) => readFeed({ sql, store }, { tenant, after, limit }),
    };
  }
}

function cursorOf(text: string): Cursor | undefined {
  try {
    return parseCursor(text);
  } catch (error) {
    if (error instanceof EventStoreError && error.code === 'malformed_cursor') return undefined;
    throw error;
  }
}

/** Resumes after this event; in the line too, because NDJSON has no other place for it. */
const message = (event: FeedEvent): string =>
  JSON.stringify({ cursor: event.cursor, ...feedEventToHistory(event) });

const resyncLine = (cursor: Cursor): string => JSON.stringify({ type: 'resync', cursor });

async function* asEventStream(news: AsyncIterable<FeedNews>): AsyncGenerator<string, void> {
  yield sseOpening;
  for await (const item of news) {
    switch (item.kind) {
      case 'event':
        yield sseText({ id: item.event.cursor, data: message(item.event) });
        break;
      case 'place':
        yield sseText({ id: item.cursor });
        break;
      case 'resync':
        yield sseText({ id: item.cursor, event: 'resync', data: resyncLine(item.cursor) });
        break;
      case 'heartbeat':
        yield sseHeartbeat;
        break;
    }
  }
}

/** Lines of events; an empty line is a heartbeat, which readers of the format skip. */
async function* asLines(news: AsyncIterable<FeedNews>): AsyncGenerator<string, void> {
  for await (const item of news) {
    if (item.kind === 'event') yield `${message(item.event)}\n`;
    else if (item.kind === 'resync') yield `${resyncLine(item.cursor)}\n`;
    else if (item.kind === 'heartbeat') yield '\n';
  }
}
