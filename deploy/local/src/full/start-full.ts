import { answers, startServerProcess } from '@darkroom/infra';
import { bringUpToDate, openDatabaseOf } from '../database.js';
import { longestSubmitSeconds } from '@darkroom/provider-accounts';
import { readLauncherSettings } from '../launcher-settings.js';
import { isLoopback } from '../loopback.js';
import type { Launched, RunningDarkroom } from '../launch.js';
import { settlePorts } from '../ports.js';
import type { ReadyFile } from '../ready-file.js';
import { loadSecrets } from '../secrets.js';
import { Fleet } from './fleet.js';
import { LogFiles } from './log-files.js';
import { type RealServers, startRealServers } from './real-servers.js';
import {
  backgroundProcesses,
  controlPlaneProcess,
  instancesOf,
  intakeProcess,
  type ServiceProcess,
  simulatorProcess,
} from './service-processes.js';
import { untilReady } from './until-ready.js';

/** Beside its drain, and the least: a submit that the vendor answers with the pictures is waited for. */
const leastStopSeconds = 65;

/**
 * Starts the production shape on this machine: Postgres, Kafka, S3 and Jaeger unless they are given, the simulator, and each service as a
 * process of its own that is started again whenever it dies. What was started is stopped again when something fails.
 * @throws ConfigError, PortInUse, InfraError
 */
export async function startFull({ dataDir, env, logger, progress }: Launched): Promise<RunningDarkroom> {
  const settings = readLauncherSettings(['OTEL_EXPORTER_OTLP_ENDPOINT', 'DRAIN_SECONDS', 'INSTANCES'], {
    BUS: 'kafka',
    ...env,
  });
  const { HOST: host } = settings;
  const stopSeconds = Math.max(leastStopSeconds, longestSubmitSeconds(settings.PROVIDERS_FILE) + 5);
  const secrets = loadSecrets(dataDir, {
    demoKey: settings.DARKROOM_DEMO_KEY,
    operatorKey: settings.DARKROOM_OPERATOR_KEY,
  });
  const background = backgroundProcesses
    .filter(({ name }) => settings.BUS === 'kafka' || name !== 'relay')
    .flatMap((service) => instancesOf(service, settings.INSTANCES));
  const front = [controlPlaneProcess, intakeProcess];
  const ports: Readonly<Record<string, number>> = await settlePorts<string>(dataDir, host, {
    INTAKE_PORT: settings.INTAKE_PORT,
    CONTROL_PLANE_PORT: settings.CONTROL_PLANE_PORT,
    SIMULATOR_PORT: settings.SIMULATOR_PORT,
    ...Object.fromEntries(background.map(({ portSetting }) => [portSetting, 0])),
  });
  const urlOf = ({ portSetting }: ServiceProcess): string => `http://${host}:${ports[portSetting] ?? 0}`;

  const logs = new LogFiles(dataDir);
  const fleet = new Fleet({ logger });
  const database = await openDatabaseOf(dataDir, settings, progress);
  const stop = async (): Promise<void> => {
    await fleet.stop();
    await database.postgres?.stop();
  };
  try {
    await bringUpToDate(database, progress);
    progress(`Starting the servers that the services stand on (what they print is in ${logs.folder})`);
    const servers = await startRealServers(dataDir, settings, fleet, logs);

    progress('Starting the services, each a process of its own');
    const shared = {
      HOST: host,
      DATA_DIR: dataDir,
      LOG_LEVEL: env['LOG_LEVEL'] ?? 'warn',
      INTAKE_PORT: String(ports['INTAKE_PORT']),
      CONTROL_PLANE_PORT: String(ports['CONTROL_PLANE_PORT']),
      SIMULATOR_PORT: String(ports['SIMULATOR_PORT']),
      DATABASE_URL: database.url,
      // They migrate nothing: that is done.
      DATABASE_OWNER_URL: '',
      SIGNING_SECRET: (settings.SIGNING_SECRET ?? [secrets.signingSecret]).join(','),
      SIMULATOR_WEBHOOK_SECRET: settings.SIMULATOR_WEBHOOK_SECRET ?? secrets.webhookSecret,
      DARKROOM_DEMO_KEY: '',
      DARKROOM_OPERATOR_KEY: '',
      ...environmentOf(servers),
    };
    const its: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      intake: {
        DATABASE_URL: database.apiUrl,
        DARKROOM_DEMO_KEY: secrets.demoKey,
        DEMO_SESSION: String(isLoopback(host)),
      },
      'control-plane': { DARKROOM_OPERATOR_KEY: secrets.operatorKey },
    };
    const layerOf = (services: readonly ServiceProcess[]) =>
      services.map((service) => ({
        name: service.name,
        start: async (onSpawn: (pid: number) => void) =>
          startServerProcess({
            name: service.name,
            program: process.execPath,
            args: [service.program],
            env: {
              ...shared,
              ...(service.portSetting.includes('HEALTH_PORT')
                ? { HEALTH_PORT: String(ports[service.portSetting]) }
                : {}),
              ...its[service.name],
            },
            ready: async () => answers(`${urlOf(service)}${service.livePath}`),
            stopSeconds: settings.DRAIN_SECONDS + stopSeconds,
            // What they stand on is gone too: there is nothing left to put in order.
            orphanSeconds: 2,
            log: logs.of(service.name),
            onSpawn,
          }),
      }));
    await fleet.start(layerOf([simulatorProcess]));
    await fleet.start(layerOf(background));
    await fleet.start(layerOf(front));
    await untilReady([...background, ...front].map(urlOf));

    const ready = (): ReadyFile => ({
      intake: urlOf(intakeProcess),
      control_plane: urlOf(controlPlaneProcess),
      simulator: urlOf(simulatorProcess),
      demo_key: secrets.demoKey,
      operator_key: secrets.operatorKey,
      pid: process.pid,
      processes: [
        { name: 'launcher', pid: process.pid },
        ...(database.postgres ? [{ name: 'postgres', pid: database.postgres.pid }] : []),
        ...fleet.processes(),
      ],
      database_url: database.url,
      kafka_brokers: servers.kafkaBrokers,
      s3_endpoint: servers.objects.kind === 's3' ? servers.objects.endpoint : undefined,
      jaeger: servers.jaeger,
    });
    return {
      secrets,
      ready,
      // Each service drains by itself when it is stopped.
      leave: () => undefined,
      stop,
      // Layer by layer: the front, the background, the simulator, then the servers.
      stopSeconds: 3 * (settings.DRAIN_SECONDS + stopSeconds) + 60,
      onChange: (listener) => fleet.onChange(listener),
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** What services are told of the servers. */
function environmentOf({ kafkaBrokers, objects, otlpEndpoint, jaeger }: RealServers): Record<string, string> {
  return {
    BUS: kafkaBrokers === undefined ? 'postgres' : 'kafka',
    KAFKA_BROKERS: kafkaBrokers ?? '',
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint ?? '',
    // The pages of this build of Jaeger are a placeholder: its query API answers.
    ...(jaeger === undefined ? {} : { TRACE_URL: `${jaeger}/api/v3/traces/{trace_id}` }),
    ...(objects.kind === 's3'
      ? {
          S3_ENDPOINT: objects.endpoint ?? '',
          S3_BUCKET: objects.bucket,
          S3_REGION: objects.region,
          S3_ACCESS_KEY_ID: objects.accessKeyId,
          S3_SECRET_ACCESS_KEY: objects.secretAccessKey,
        }
      : {}),
  };
}
