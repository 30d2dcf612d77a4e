import { type DynamicModule, Module } from '@nestjs/common';
import { WAKER, WakeHandlers, type Waker } from './handlers/wake.handlers.js';

/** Wiring of what the gateway consumes from the bus. */
@Module({})
export class ProviderGatewayModule {
  static with(waker: Waker): DynamicModule {
    return {
      module: ProviderGatewayModule,
      controllers: [WakeHandlers],
      providers: [{ provide: WAKER, useValue: waker }],
    };
  }
}
