import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Logger } from '../logging/logger.js';
import { countWith } from './metrics.js';

/** Prometheus text of what this process has counted and sees now. */
export type MetricsText = () => Promise<string>;

let text: MetricsText | undefined;

/** Begins to count, once a process; whoever counted before has counted nothing. */
export function startMetrics(service: string, logger: Logger): void {
  if (text !== undefined) return;
  // Its server stays off: the process's own one answers.
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    readers: [exporter],
  });
  countWith(provider.getMeter('@darkroom/platform'));
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  text = async () => {
    const { resourceMetrics, errors } = await exporter.collect({ timeoutMillis: 3_000 });
    // A database that is away takes the gauges that ask it, and not the others.
    if (errors.length > 0) logger.debug({ err: errors[0] }, 'some metrics could not be read');
    return serializer.serialize(resourceMetrics);
  };
}

/** What `/metrics` answers; undefined where nothing is counted. */
export const metricsText = async (): Promise<string | undefined> => text?.();
