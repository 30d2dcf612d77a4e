import { openQuestions } from '@darkroom/domain';
import { listParked } from '@darkroom/event-bus';
import { fromPublicId, ProblemError, toPublicId } from '@darkroom/platform';
import { type Attention, generationsInNeed, type GenerationDetail, paidOrphans } from '@darkroom/read-models';
import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import { OperatorGuard } from '../auth/operator-guard.js';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';
import { type ParkedView, parkedView } from '../views/parked-view.js';
import { type AttemptView, plainAttemptView } from '../views/attempt-view.js';
import { type OrphanView, orphanView } from '../views/orphan-view.js';
import { pageQuery, type PageQueryParams, parkedQuery, type ParkedQueryParams } from './schemas.js';

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
