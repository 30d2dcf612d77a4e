import { type DynamicModule, Module } from '@nestjs/common';
import { OperatorGuard } from './auth/operator-guard.js';
import { AttentionController } from './http/attention.controller.js';
import { AuditController } from './http/audit.controller.js';
import { ErrorPagesController } from './http/error-pages.controller.js';
import { GenerationsController } from './http/generations.controller.js';
import { HealthController } from './http/health.controller.js';
import { InterventionsController } from './http/interventions.controller.js';
import { ProvidersController } from './http/providers.controller.js';
import { RebuildsController } from './http/rebuilds.controller.js';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from './ports.js';

/** All wiring of the control plane. */
@Module({})
export class ControlPlaneModule {
  static with(ports: ControlPlanePorts): DynamicModule {
    return {
      module: ControlPlaneModule,
      controllers: [
        GenerationsController,
        InterventionsController,
        AttentionController,
        AuditController,
        ProvidersController,
        RebuildsController,
        HealthController,
        ErrorPagesController,
      ],
      providers: [OperatorGuard, { provide: CONTROL_PLANE_PORTS, useValue: ports }],
    };
  }
}
