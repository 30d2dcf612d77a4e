import { fromPublicId, ProblemError, toPublicId } from '@darkroom/platform';
import { foldDetail, getGeneration, type GenerationDetail, searchGenerations } from '@darkroom/read-models';
import { Controller, Get, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { OperatorGuard } from '../auth/operator-guard.js';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';
import {
  type GenerationSummary,
  generationSummary,
  type GenerationView,
  generationView,
} from '../views/generation-view.js';
import { searchQuery, type SearchQueryParams } from './schemas.js';

interface Page {
  readonly data: readonly GenerationSummary[];
  readonly next: string | null;
}

/** Generations of all tenants: found, and understood. */
@Controller('ops/v1/generations')
@UseGuards(OperatorGuard)
export class GenerationsController {
  constructor(@Inject(CONTROL_PLANE_PORTS) private readonly ports: ControlPlanePorts) {}

  @Get()
  async search(@Query({ schema: searchQuery }) query: SearchQueryParams): Promise<Page> {
    const found = await this.find(query);
    const page = found.slice(0, query.limit);
    const last = page.at(-1);
    const now = this.ports.now();
    return {
      data: page.map((detail) => generationSummary(detail, { now, traceUrl: this.ports.traceUrl })),
      next: found.length > query.limit && last ? toPublicId('gen', last.id) : null,
    };
  }

  @Get(':id')
  async get(@Param('id') id: string): Promise<{ readonly data: GenerationView }> {
    const generation = fromPublicId('gen', id);
    const events = generation === undefined ? [] : await this.ports.store.readStream(generation);
    const detail = foldDetail(undefined, events);
    if (!detail) throw new ProblemError('not_found');
    return { data: generationView(detail, events, { now: this.ports.now(), traceUrl: this.ports.traceUrl }) };
  }

  /** One more than the limit, where there are more. An id names one generation whatever else is asked. */
  private async find(query: SearchQueryParams): Promise<readonly GenerationDetail[]> {
    if (query.id !== undefined) {
      const id = fromPublicId('gen', query.id);
      const detail = id === undefined ? undefined : await getGeneration(this.ports, { id });
      return detail ? [detail] : [];
    }
    const after = query.after === undefined ? undefined : fromPublicId('gen', query.after);
    if (query.after !== undefined && after === undefined) throw new ProblemError('invalid_cursor');
    return searchGenerations(this.ports, {
      limit: query.limit + 1,
      after,
      tenant: query.tenant,
      status: query.status,
      phase: query.state,
      model: query.model,
      errorCode: query.error_code,
      account: query.provider,
      vendorJobId: query.vendor_job_id,
      traceId: query.trace_id,
      text: query.text,
      createdAfter: query.created_after,
      createdBefore: query.created_before,
    });
  }
}
