import type { Environment } from '../config/load-config.js';
import { readSettings } from '../config/settings.js';
import { ProblemError } from '../http/problem.js';
import { createLogger, type Logger } from '../logging/logger.js';
import { startMetrics } from '../telemetry/start-metrics.js';
import { startTelemetry } from '../telemetry/start-telemetry.js';
import { startHealthServer } from './health-server.js';
import { runMain } from './run-main.js';
import type { RunningService } from './running-service.js';
import { stopOnSignals } from './stop-on-signals.js';

/** A service that is a process of its own. */
export interface ProcessService extends RunningService {
  /** Readiness turns false; everything is served on until `stop`. */
  leave?(): void;
  /** Throws where it could not do its work now. Asked of those that serve no HTTP themselves. */
  ready?(): Promise<void>;
}

/** What such a process needs beside its service: a log, telemetry, health, and an end in order. */
export async function serve(
  name: string,
  start: (logger: Logger) => Promise<ProcessService>,
  env: Environment = process.env,
): Promise<void> {
  await runMain(name, async () => {
    const settings = readSettings(
      ['HOST', 'HEALTH_PORT', 'LOG_LEVEL', 'LOG_PROMPTS', 'DRAIN_SECONDS', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
      env,
    );
    const { HOST: host, HEALTH_PORT: port, LOG_LEVEL: level, LOG_PROMPTS: logPrompts } = settings;
    const logger = createLogger({ service: name, level, logPrompts });
    startMetrics(name, logger);
    const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
    const telemetry = startTelemetry({ service: name, endpoint, logger });
    const service = await start(logger);
    let isLeaving = false;
    const ready = async (): Promise<void> => {
      if (isLeaving) throw new ProblemError('unavailable', 'This process is stopping.');
      await service.ready?.();
    };
    const servesHttp = service.url !== undefined;
    const health =
      servesHttp || port === undefined
        ? undefined
        : await startHealthServer({ name, host, port, logger, ready });
    const stop = async (): Promise<void> => {
      await service.stop();
      await health?.stop();
      await telemetry.stop();
    };
    stopOnSignals(stop, {
      logger,
      // Nobody sends requests to the others that a load balancer would have to be told about.
      drainSeconds: servesHttp ? settings.DRAIN_SECONDS : 0,
      onStopping: () => {
        isLeaving = true;
        service.leave?.();
      },
    });
  });
}
