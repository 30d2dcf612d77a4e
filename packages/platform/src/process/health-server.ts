import { Controller, type DynamicModule, Get, Inject, Module } from '@nestjs/common';
import { createHttpApp } from '../http/http-app.js';
import type { Logger } from '../logging/logger.js';
import type { RunningService } from './running-service.js';

const READY = Symbol('ready');

@Controller('health')
class HealthController {
  constructor(@Inject(READY) private readonly ready: () => Promise<void>) {}

  @Get('live')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  async isReady(): Promise<{ readonly status: 'ok' }> {
    await this.ready();
    return { status: 'ok' };
  }
}

@Module({})
class HealthModule {
  static with(ready: () => Promise<void>): DynamicModule {
    return {
      module: HealthModule,
      controllers: [HealthController],
      providers: [{ provide: READY, useValue: ready }],
    };
  }
}

export interface HealthServerOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
  /** Throws where the process could not do its work now. */
  readonly ready: () => Promise<void>;
}

/** Health over HTTP for a process that serves nothing else. Alive asks nothing outside of it. */
export async function startHealthServer(options: HealthServerOptions): Promise<RunningService> {
  const { name, host, port, logger } = options;
  const http = await createHttpApp(HealthModule.with(options.ready), {
    name: `health of ${name}`,
    host,
    port,
    logger,
  });
  return http.start();
}
