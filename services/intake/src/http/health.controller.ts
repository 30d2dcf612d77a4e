import { databaseProbe } from '@darkroom/platform';
import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { IntakeParts } from '../intake-parts.js';

/** Alive asks nothing outside of the process; ready asks whether a request could be served now. */
@Controller('health')
export class HealthController {
  private readonly answers: () => Promise<void>;

  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(IntakeParts) private readonly parts: IntakeParts,
  ) {
    this.answers = databaseProbe(() => parts.sql`select 1`);
  }

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
    try {
      await this.answers();
      return { database: { status: 'up' } };
    } catch {
      return { database: { status: 'down' } };
    }
  }
}
