import { type DynamicModule, Module } from '@nestjs/common';
import { Waker, WakeHandlers } from './handlers/wake.handlers.js';

/** Wiring of what consumes the bus; the worker is started beside it. */
@Module({})
export class ArtifactModule {
  static with(waker: Waker): DynamicModule {
    return {
      module: ArtifactModule,
      controllers: [WakeHandlers],
      providers: [{ provide: Waker, useValue: waker }],
    };
  }
}
