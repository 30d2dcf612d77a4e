import { fromPublicId, toPublicId } from '@darkroom/platform';
import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import { type AuditRecord, readAudit } from '../audit/audit-log.js';
import { OperatorGuard } from '../auth/operator-guard.js';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';
import { auditQuery, type AuditQueryParams } from './schemas.js';

interface AuditPage {
  readonly data: readonly object[];
  readonly next: string | null;
}

/** Who did what, when, why, before and after. */
@Controller('ops/v1/audit')
@UseGuards(OperatorGuard)
export class AuditController {
  constructor(@Inject(CONTROL_PLANE_PORTS) private readonly ports: ControlPlanePorts) {}

  @Get()
  async list(@Query({ schema: auditQuery }) query: AuditQueryParams): Promise<AuditPage> {
    const generation =
      query.generation === undefined ? undefined : (fromPublicId('gen', query.generation) ?? null);
    if (generation === null) return { data: [], next: null };
    const entries = await readAudit(this.ports.sql, {
      limit: query.limit + 1,
      ...(query.after === undefined ? {} : { after: query.after }),
      ...(generation === undefined ? {} : { generation }),
    });
    const page = entries.slice(0, query.limit);
    return { data: page.map(toJson), next: entries.length > query.limit ? (page.at(-1)?.id ?? null) : null };
  }
}

function toJson(entry: AuditRecord): object {
  return {
    ...entry,
    at: entry.at.toISOString(),
    operator: toPublicId('key', entry.operator),
    generation: entry.generation === null ? null : toPublicId('gen', entry.generation),
  };
}
