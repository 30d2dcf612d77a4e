import { openQuestions } from '@darkroom/domain';
import { listParked } from '@darkroom/event-bus';
import { fromPublicId, newUuid, ProblemError, toPublicId } from '@darkroom/platform';
import { type Attention, generationsInNeed, type GenerationDetail, paidOrphans } from '@darkroom/read-models';
import { Body, Controller, Get, HttpCode, Inject, Post, Query, UseGuards } from '@nestjs/common';
import { CurrentOperator, OperatorGuard } from '../auth/operator-guard.js';
import type { Operator } from '../auth/operator-keys.js';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';
import { replay } from '../use-cases/replay-parked.js';
import { type ParkedView, parkedView } from '../views/parked-view.js';
import { type AttemptView, plainAttemptView } from '../views/attempt-view.js';
import { type OrphanView, orphanView } from '../views/orphan-view.js';
import {
  pageQuery,
  type PageQueryParams,
  parkedQuery,
  type ParkedQueryParams,
  type ReplayBody,
  replayBody,
} from './schemas.js';

/** The generation that something belongs to. */
interface Belonging {
  readonly generation: string;
  readonly tenant: string;
  readonly state: string;
  readonly decision_version: number;
}
interface Page<T> {
  readonly data: readonly (Belonging & T)[];
  readonly next: string | null;
}

/** What may need a person: attempts whose outcome nobody knows, and what was paid for nothing. The oldest first. */
@Controller('ops/v1')
@UseGuards(OperatorGuard)
export class AttentionController {
  constructor(@Inject(CONTROL_PLANE_PORTS) private readonly ports: ControlPlanePorts) {}

  @Get('unresolved')
  unresolved(@Query({ schema: pageQuery }) query: PageQueryParams): Promise<Page<AttemptView>> {
    const now = this.ports.now();
    return this.page('open-question', query, ({ state }) =>
      openQuestions(state).map((attempt) => plainAttemptView(attempt, now)),
    );
  }

  @Get('orphans')
  orphans(@Query({ schema: pageQuery }) query: PageQueryParams): Promise<Page<OrphanView>> {
    return this.page('paid-orphan', query, ({ state }) => paidOrphans(state).map(orphanView));
  }

  /** Streams that a consumer could not get past: each is tried again by itself, the others go on. */
  @Get('parked')
  async parked(@Query({ schema: parkedQuery }) query: ParkedQueryParams): Promise<{ data: ParkedView[] }> {
    const { limit, consumer } = query;
    const rows = await listParked(this.ports.sql, {
      limit,
      ...(consumer === undefined ? {} : { consumer }),
    });
    return { data: rows.map(parkedView) };
  }

  /**
   * Lets parked streams be tried now, the longest parked first: filtered, at most `cap`, each with its consumer's own order. With
   * `preview` it only tells what it would do. Asked twice it does nothing more: what is due already is left alone.
   */
  @Post('parked/replay')
  @HttpCode(200)
  async replay(
    @Body({ schema: replayBody }) body: ReplayBody,
    @CurrentOperator() operator: Operator,
  ): Promise<{ data: { waiting: number; preview: boolean; streams: ParkedView[] } }> {
    const stream = body.generation === undefined ? undefined : fromPublicId('gen', body.generation);
    if (body.generation !== undefined && stream === undefined) throw new ProblemError('not_found');
    const { waiting, streams } = await replay(this.ports.sql, {
      id: newUuid(),
      operator,
      reason: body.reason,
      filter: {
        consumer: body.consumer,
        stream,
        eventType: body.type,
        error: body.error,
        parkedBefore: body.parked_before,
      },
      cap: body.cap,
      preview: body.preview,
    });
    return { data: { waiting, preview: body.preview, streams: streams.map(parkedView) } };
  }

  /** Pages are cut by generation: one may bring several entries, or none where it was settled a moment ago. */
  private async page<T extends object>(
    of: Attention,
    query: PageQueryParams,
    entries: (detail: GenerationDetail) => readonly T[],
  ): Promise<Page<T>> {
    const after = query.after === undefined ? undefined : fromPublicId('gen', query.after);
    if (query.after !== undefined && after === undefined) throw new ProblemError('invalid_cursor');
    const found = await generationsInNeed(this.ports, { of, limit: query.limit + 1, after });
    const page = found.slice(0, query.limit);
    const last = page.at(-1);
    return {
      data: page.flatMap((detail) => {
        const belonging = {
          generation: toPublicId('gen', detail.id),
          tenant: detail.tenant,
          state: detail.state.phase,
          decision_version: detail.state.decisionVersion,
        };
        return entries(detail).map((entry) => ({ ...belonging, ...entry }));
      }),
      next: found.length > query.limit && last ? toPublicId('gen', last.id) : null,
    };
  }
}
