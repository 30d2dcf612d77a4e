import { assertAnswers, ProblemError } from '@darkroom/platform';
import { Controller, Get, Inject } from '@nestjs/common';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';

/** Liveness asks nothing outside of the process; readiness asks for what every answer needs. */
@Controller('health')
export class HealthController {
  constructor(@Inject(CONTROL_PLANE_PORTS) private readonly ports: ControlPlanePorts) {}

  @Get('live')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  async ready(): Promise<{ readonly status: 'ok' }> {
    if (this.ports.stopping()) throw new ProblemError('unavailable', 'This process is stopping.');
    await assertAnswers(() => this.ports.sql`select 1 from control_plane.operator_keys limit 1`);
    return { status: 'ok' };
  }
}
