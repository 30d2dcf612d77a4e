import { newUuid, ProblemError, toPublicId } from '@darkroom/platform';
import { askForRebuild, listRebuilds, type Rebuild } from '@darkroom/read-models';
import { Body, Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { insertAudit } from '../audit/audit-log.js';
import { CurrentOperator, OperatorGuard } from '../auth/operator-guard.js';
import type { Operator } from '../auth/operator-keys.js';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';
import { type RebuildBody, rebuildBody } from './schemas.js';

/** A rebuild as operators see it. */
export interface RebuildView {
  readonly id: string;
  readonly state: string;
  readonly asked_at: string;
  readonly started_at: string | null;
  /** Events read so far, of about so many. */
  readonly events: number;
  readonly events_about: number | null;
  /** Generations that cannot be folded: left out, as before. */
  readonly skipped: number;
  readonly finished_at: string | null;
  readonly error: string | null;
}

const view = (rebuild: Rebuild): RebuildView => ({
  id: rebuild.id,
  state: rebuild.state,
  asked_at: rebuild.askedAt.toISOString(),
  started_at: rebuild.startedAt?.toISOString() ?? null,
  events: rebuild.events,
  events_about: rebuild.eventsAbout,
  skipped: rebuild.skipped,
  finished_at: rebuild.finishedAt?.toISOString() ?? null,
  error: rebuild.error,
});

/** The read models, built anew from the log beside the live ones: asked for, and watched. */
@Controller('ops/v1/read-models/rebuilds')
@UseGuards(OperatorGuard)
export class RebuildsController {
  constructor(@Inject(CONTROL_PLANE_PORTS) private readonly ports: ControlPlanePorts) {}

  @Get()
  async list(): Promise<{ readonly data: readonly RebuildView[] }> {
    return { data: (await listRebuilds(this.ports.sql, 20)).map(view) };
  }

  @Post()
  @HttpCode(202)
  async ask(
    @Body({ schema: rebuildBody }) body: RebuildBody,
    @CurrentOperator() operator: Operator,
  ): Promise<{ readonly data: RebuildView }> {
    const id = newUuid();
    const asked = await this.ports.sql.begin(async (tx) => {
      const rebuild = await askForRebuild(tx, { id, by: toPublicId('key', operator.keyId) });
      if (rebuild)
        await insertAudit(tx, {
          id,
          operator: operator.keyId,
          action: 'rebuild',
          generation: null,
          reason: body.reason,
          request: {},
          before: {},
          after: { rebuild: id },
        });
      return rebuild;
    });
    if (!asked) throw new ProblemError('not_possible_now', 'The read models are being built anew already.');
    return { data: view(asked) };
  }
}
