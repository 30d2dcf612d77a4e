import { join } from 'node:path';
import { isInstalled, parts, startJaeger, startKafka, startS3 } from '@darkroom/infra';
import {
  makeBucket,
  objectStoreSettings,
  type ObjectStoreSettings,
  type objectStoreSettingNames,
  type SettingValues,
} from '@darkroom/platform';
import type { Fleet } from './fleet.js';
import type { StartProcess } from './supervise.js';
import type { LogFiles } from './log-files.js';

/** Where the services find the servers that they stand on. */
export interface RealServers {
  /** Undefined: the log of the event store itself carries the events. */
  readonly kafkaBrokers: string | undefined;
  readonly objects: ObjectStoreSettings;
  /** Where spans go. */
  readonly otlpEndpoint: string | undefined;
  /** Where they are looked at, if it is ours. */
  readonly jaeger: string | undefined;
}

type Settings = SettingValues<
  (typeof objectStoreSettingNames)[number] | 'BUS' | 'KAFKA_BROKERS' | 'OTEL_EXPORTER_OTLP_ENDPOINT'
>;

const bucket = { bucket: 'darkroom', region: 'us-east-1' };

/** Those that the settings name, and for the others some of our own, started in this folder; Jaeger only where it was built. */
export async function startRealServers(
  dataDir: string,
  settings: Settings,
  fleet: Fleet,
  logs: LogFiles,
): Promise<RealServers> {
  const own = (name: string) => ({ dataDir: join(dataDir, name), log: logs.of(name) });
  const given = objectStoreSettings({ ...settings, DATA_DIR: dataDir });
  let kafkaBrokers = settings.KAFKA_BROKERS?.join(',');
  let objects = given;
  let { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint } = settings;
  let jaeger: string | undefined;
  const layer: { name: string; start: StartProcess }[] = [];
  if (settings.BUS === 'kafka' && kafkaBrokers === undefined)
    layer.push({
      name: 'kafka',
      start: async (onSpawn) => {
        const started = await startKafka({ ...own('kafka'), onSpawn });
        kafkaBrokers = started.brokers;
        return started;
      },
    });
  if (given.kind === 'local-disk')
    layer.push({
      name: 's3',
      start: async (onSpawn) => {
        const started = await startS3({ ...own('s3'), onSpawn });
        const { endpoint, accessKeyId, secretAccessKey } = started;
        objects = { kind: 's3', endpoint, ...bucket, accessKeyId, secretAccessKey };
        return started;
      },
    });
  if (otlpEndpoint === undefined && isInstalled(parts.jaeger))
    layer.push({
      name: 'jaeger',
      start: async (onSpawn) => {
        const started = await startJaeger({ ...own('jaeger'), onSpawn });
        ({ otlpEndpoint, url: jaeger } = started);
        return started;
      },
    });
  // Each sets what is its own of the above; addresses are kept over restarts.
  await fleet.start(layer);
  if (objects.kind === 's3' && given.kind === 'local-disk') await makeBucket(objects);
  return { kafkaBrokers: settings.BUS === 'kafka' ? kafkaBrokers : undefined, objects, otlpEndpoint, jaeger };
}
