import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { IntakeParts } from '../intake-parts.js';

const databaseAnswersWithinMs = 2_000;

/** Alive asks nothing outside of the process; ready asks whether a request could be served now. */
@Controller('health')
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(IntakeParts) private readonly parts: IntakeParts,
  ) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck()
  async ready(): Promise<HealthCheckResult> {
    if (this.parts.stopping.aborted) throw new ServiceUnavailableException();
    return this.health.check([() => this.database()]);
  }

  private async database(): Promise<HealthIndicatorResult> {
    const query = this.parts.sql`select 1`;
    const timer = setTimeout(() => query.cancel(), databaseAnswersWithinMs);
    try {
      await query;
      return { database: { status: 'up' } };
    } catch {
      return { database: { status: 'down' } };
    } finally {
      clearTimeout(timer);
    }
  }
}
