import { context, trace } from '@opentelemetry/api';
import { createEgress } from '../egress/create-egress.js';
import type { Logger } from '../logging/logger.js';
import { ContextStorage } from './context-storage.js';
import { otlpTraces } from './otlp-json.js';
import { type EndedSpan, recordingTracers } from './recording-tracer.js';

export interface TelemetryOptions {
  readonly service: string;
  /** OTEL_EXPORTER_OTLP_ENDPOINT; undefined: nothing is recorded, and every span costs next to nothing. */
  readonly endpoint: string | undefined;
  readonly logger: Logger;
  /** Default 1,000. */
  readonly flushEveryMs?: number;
}

export interface Telemetry {
  /** Spans that were thrown away: the collector was down or slow. */
  readonly dropped: () => number;
  /** Sends what is left, within a bound. */
  stop(): Promise<void>;
}

const mostWaiting = 4_096;
const mostTogether = 512;
const sendTimeoutMs = 5_000;

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/**
 * Starts recording spans for this process and sending them to a collector, as OTLP over HTTP. A collector that is down or slow
 * has no effect but lost spans: they wait in a bounded queue, outside of every request.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { service, endpoint, logger } = options;
  if (endpoint === undefined) return { dropped: () => 0, stop: async () => undefined };
  const url = new URL(endpoint);
  const collector = new URL(`${url.pathname.replace(/\/$/, '')}/v1/traces`, url);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const destination = { purpose: 'telemetry', account: 'collector' } as const;
  const egress = createEgress({
    allow: [{ ...destination, scheme, host: url.hostname, port: portOf(url) }],
  });

  let waiting: EndedSpan[] = [];
  let dropped = 0;
  let complained = false;
  let sending: Promise<void> | undefined;

  const sendOnce = async (spans: readonly EndedSpan[]): Promise<void> => {
    const outcome = await egress.send({
      ...destination,
      url: collector.href,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: otlpTraces(service, spans),
      timeoutMs: sendTimeoutMs,
      maxBytes: 64 * 1024,
    });
    const taken = outcome.kind === 'answer' && outcome.status < 300;
    if (!taken) dropped += spans.length;
    // Once an outage, not once a second.
    if (!taken && !complained)
      logger.warn(
        { collector: url.origin, dropped },
        'the telemetry collector takes nothing; spans are lost',
      );
    complained = !taken;
  };
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, mostTogether);
      waiting = waiting.slice(batch.length);
      await sendOnce(batch);
    }
    sending = undefined;
  };
  const flush = (): Promise<void> => (sending ??= drain());

  const storage = new ContextStorage();
  context.setGlobalContextManager(storage);
  trace.setGlobalTracerProvider(
    recordingTracers((span) => {
      if (waiting.length >= mostWaiting) dropped += 1;
      else waiting.push(span);
      if (waiting.length >= mostTogether) void flush();
    }),
  );
  const timer = setInterval(() => void flush(), options.flushEveryMs ?? 1_000).unref();

  return {
    dropped: () => dropped,
    stop: async () => {
      clearInterval(timer);
      trace.disable();
      context.disable();
      await sending;
      await flush();
      await egress.stop();
    },
  };
}
