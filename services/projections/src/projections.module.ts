import { DetailProjection } from '@darkroom/read-models';
import { type DynamicModule, Module } from '@nestjs/common';
import { DetailHandlers } from './handlers/detail.handlers.js';

/** Wiring of the projections that consume the bus. */
@Module({})
export class ProjectionsModule {
  static with(detail: DetailProjection): DynamicModule {
    return {
      module: ProjectionsModule,
      controllers: [DetailHandlers],
      providers: [{ provide: DetailProjection, useValue: detail }],
    };
  }
}
