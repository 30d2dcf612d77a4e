import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger as PinoLogger, pino, stdSerializers } from 'pino';

/** Structured JSON logging; the same interface everywhere. */
export type Logger = PinoLogger;

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  /** Prompts and other personal fields are cut from logs unless set. */
  readonly logPrompts?: boolean;
  /** Default: stdout. */
  readonly destination?: DestinationStream;
}

const secretPaths = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'headers.authorization',
  'headers.cookie',
  'req.headers.authorization',
  'req.headers.cookie',
  '*.authorization',
  '*.apiKey',
  '*.secret',
];
const personalPaths = ['prompt', '*.prompt', '*.*.prompt'];

/** A pino logger whose lines carry the service, the trace and no secrets. */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: stdSerializers.err },
    redact: { paths: options.logPrompts ? secretPaths : [...secretPaths, ...personalPaths] },
    mixin: (): object => {
      const context = trace.getActiveSpan()?.spanContext();
      return context ? { trace_id: context.traceId, span_id: context.spanId } : {};
    },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}
