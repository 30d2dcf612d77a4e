import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from '../logging/logger.js';
import { BoundedExport } from './bounded-export.js';
import { SpansPerGeneration } from './spans-per-generation.js';

export interface TelemetryOptions {
  readonly service: string;
  /** OTEL_EXPORTER_OTLP_ENDPOINT; undefined: nothing is recorded, and every span costs next to nothing. */
  readonly endpoint: string | undefined;
  readonly logger: Logger;
  /** Default 250: what a killed process takes with it. */
  readonly flushEveryMs?: number;
}

export interface Telemetry {
  /** Spans that were thrown away: the collector was down or slow. */
  readonly dropped: () => number;
  /** Sends what is left, within a bound. */
  stop(): Promise<void>;
}

const sendTimeoutMs = 5_000;
const lastFlushMs = 3_000;

/** Where spans go below the endpoint that an operator names, as the protocol has it. */
function tracesUrl(endpoint: string): URL {
  const url = new URL(endpoint);
  return new URL(`${url.pathname.replace(/\/$/, '')}/v1/traces`, url);
}

/**
 * Starts recording spans for this process and sending them to a collector, as OTLP over HTTP. A collector that is down or slow
 * has no effect but lost spans: they wait in a bounded queue, outside of every request.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { service, endpoint, logger } = options;
  if (endpoint === undefined) return { dropped: () => 0, stop: async () => undefined };
  const url = tracesUrl(endpoint);
  const spans = new BoundedExport({
    exporter: new OTLPTraceExporter({ url: url.href, timeoutMillis: sendTimeoutMs, concurrencyLimit: 16 }),
    logger,
    collector: url.origin,
    delayMs: options.flushEveryMs ?? 250,
    mostWaiting: 4_096,
    mostTogether: 512,
    givenUpAfterMs: sendTimeoutMs + 1_000,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: new SpansPerGeneration(service),
    spanProcessors: [spans],
    spanLimits: {
      attributeCountLimit: 64,
      attributeValueLengthLimit: 1_024,
      eventCountLimit: 32,
      linkCountLimit: 32,
    },
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);

  return {
    dropped: () => spans.dropped,
    stop: async () => {
      trace.disable();
      context.disable();
      // The SDK, not the exporter: it still holds the last batch.
      const flushed = provider.shutdown().catch((error: unknown) => {
        logger.debug({ err: error }, 'the last spans were not taken');
      });
      await within(lastFlushMs, flushed);
      spans.giveUp();
    },
  };
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, bound]);
  clearTimeout(timer);
}
