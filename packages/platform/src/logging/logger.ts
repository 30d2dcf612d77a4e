import { type DestinationStream, type Logger as PinoLogger, pino, stdSerializers } from 'pino';
import { subjectFields } from '../telemetry/about.js';

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

/** A pino logger whose lines carry the service, the trace and generation that the work is about, and no secrets. */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: stdSerializers.err },
    redact: { paths: options.logPrompts ? secretPaths : [...secretPaths, ...personalPaths] },
    mixin: subjectFields,
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}
