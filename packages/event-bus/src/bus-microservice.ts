import type { INestMicroservice, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { SurfaceHandlerErrors } from './surface-handler-errors.js';

type NestModule = Parameters<typeof NestFactory.createMicroservice>[0];

/** Makes a Nest microservice on a bus transport, with errors surfaced. `listen()` starts consuming, `close()` stops in order. */
export async function createBusMicroservice(
  module: NestModule,
  strategy: CustomTransportStrategy,
  options: { readonly logger?: LoggerService | false } = {},
): Promise<INestMicroservice> {
  const app = await NestFactory.createMicroservice(module, {
    strategy,
    abortOnError: false,
    ...(options.logger === undefined ? {} : { logger: options.logger }),
  });
  app.useGlobalFilters(new SurfaceHandlerErrors());
  return app;
}
