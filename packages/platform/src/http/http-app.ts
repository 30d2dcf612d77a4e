import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logging/logger.js';
import { NestLogger } from '../logging/nest-logger.js';
import type { RunningService } from '../process/running-service.js';
import { answerClientError } from './client-errors.js';
import { answerOddRequests } from './odd-requests.js';
import { type KnownRoute, refuseOtherMethods } from './known-routes.js';
import { serveMetrics } from './metrics-route.js';
import { ProblemFilter, sendProblem } from './problem-filter.js';
import { installRequestRules } from './request-rules.js';
import { installServerSpans } from './server-span.js';
import { ValidationPipe } from './validation-pipe.js';

export interface HttpAppOptions {
  readonly name: string;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly logger: Logger;
  /** Default 64 KiB. */
  readonly bodyLimitBytes?: number;
  /** Larger limits for some routes, by the start of their path. */
  readonly bodyLimits?: Readonly<Record<string, number>>;
  /** Routes, by the start of their path, whose bodies are read by who knows what is signed, and not before the signature. */
  readonly unparsed?: readonly string[];
  /** What every answer carries; a controller may replace one. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long open requests may run on after stop() was called. Default 2,000. */
  readonly drainMs?: number;
}

/** A hardened Nest application on Fastify that does not listen yet: add documents, plugins, hooks, then start. */
export interface HttpApp {
  readonly app: NestFastifyApplication;
  /** The Fastify instance below Nest. */
  readonly fastify: FastifyInstance;
  /** Every method and path that is answered, as the router has them. */
  readonly routes: readonly KnownRoute[];
  /** Listens; the service's `stop` also closes the Nest application. */
  start(): Promise<RunningService & { readonly url: string }>;
}

/** Every HTTP API is built here, so that errors, limits and parsers are the same everywhere. */
export async function createHttpApp(module: Type | DynamicModule, options: HttpAppOptions): Promise<HttpApp> {
  const { logger } = options;
  const headers = { ...options.headers, 'x-content-type-options': 'nosniff' };
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimitBytes ?? 64 * 1024,
    // Receiving a whole request; answers may take longer (Prefer: wait, event streams).
    requestTimeout: 20_000,
    keepAliveTimeout: 65_000,
    // Whoever got through to us is served: what a request needs is closed after the server.
    return503OnClosing: false,
    http: {
      headersTimeout: 10_000,
      maxHeaderSize: 16 * 1024,
      connectionsCheckingInterval: 2_000,
      // Refused below, with a problem.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: 1_000 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      // No hook ran.
      void reply.headers(headers);
      sendProblem(error, request, reply, logger);
    },
  });
  const fastify = adapter.getInstance();
  installServerSpans(fastify);
  const { bodyLimits = {}, unparsed = [] } = options;
  installRequestRules(fastify, { bodyLimits, unparsed, headers });
  answerOddRequests(fastify);
  const routes = refuseOtherMethods(fastify);
  serveMetrics(fastify);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bodyParser: false,
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  app.useGlobalPipes(new ValidationPipe());
  app.useGlobalFilters(new ProblemFilter(logger));

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    const cut = setTimeout(() => fastify.server.closeAllConnections(), options.drainMs ?? 2_000);
    try {
      fastify.server.closeIdleConnections();
      await app.close();
    } finally {
      clearTimeout(cut);
    }
  };
  return {
    app,
    fastify,
    routes,
    start: async () => {
      await app.listen(options.port, options.host);
      const { port } = fastify.server.address() as AddressInfo;
      const host = options.host.includes(':') ? `[${options.host}]` : options.host;
      const url = `http://${host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host}:${port}`;
      logger.info({ url }, `${options.name} listens`);
      return { name: options.name, url, stop: () => (stopped ??= stop()) };
    },
  };
}
