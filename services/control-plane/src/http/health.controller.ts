import { databaseProbe, ProblemError } from '@darkroom/platform';
import { Controller, Get, Inject } from '@nestjs/common';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';

/** Liveness asks nothing outside of the process; readiness asks for what every answer needs. */
@Controller('health')
export class HealthController {
  private readonly answers: () => Promise<void>;

  constructor(@Inject(CONTROL_PLANE_PORTS) private readonly ports: ControlPlanePorts) {
    this.answers = databaseProbe(() => ports.sql`select 1 from control_plane.operator_keys limit 1`);
  }

  @Get('live')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  async ready(): Promise<{ readonly status: 'ok' }> {
    if (this.ports.stopping()) throw new ProblemError('unavailable', 'This process is stopping.');
    await this.answers();
    return { status: 'ok' };
  }
}
