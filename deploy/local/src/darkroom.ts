import { join } from 'node:path';
import { artifactDefaults, privateHosts, startArtifact } from '@darkroom/artifact';
import { accountIds, startControlPlane } from '@darkroom/control-plane';
import { budgetOf, intakeDefaults, offered, startIntake } from '@darkroom/intake';
import { busSettings } from '@darkroom/event-bus';
import { objectStoreSettings, type RunningService, stopInReverse } from '@darkroom/platform';
import { startProjections } from '@darkroom/projections';
import { configuredAccounts, startProviderGateway } from '@darkroom/provider-gateway';
import { startRelay } from '@darkroom/relay';
import { startSimulator } from '@darkroom/simulator';
import { bringUpToDate, openDatabaseOf } from './database.js';
import type { RunningDarkroom } from './launch.js';
import { readLauncherSettings } from './launcher-settings.js';
import { isLoopback } from './loopback.js';
import { settlePorts } from './ports.js';
import type { ReadyFile } from './ready-file.js';
import { loadSecrets } from './secrets.js';
import { simulatedVendor } from './simulated-vendor.js';

/**
 * Starts everything on a data folder that the caller has locked: Postgres unless one is given, the simulator, the services.
 * What was started is stopped again when something fails.
 */
export async function startDarkroom(
  dataDir: string,
  env: NodeJS.ProcessEnv,
  progress: (line: string) => void,
): Promise<RunningDarkroom> {
  const settings = readLauncherSettings(
    ['LOG_LEVEL', 'LOG_PROMPTS', 'TRACE_URL', 'KAFKA_REPLICATION_FACTOR'],
    env,
  );
  const { HOST: host, LOG_LEVEL: logLevel } = settings;
  const bus = busSettings(settings);
  const objects = objectStoreSettings({ ...settings, DATA_DIR: dataDir });
  const secrets = loadSecrets(dataDir, {
    demoKey: settings.DARKROOM_DEMO_KEY,
    operatorKey: settings.DARKROOM_OPERATOR_KEY,
  });
  const { INTAKE_PORT, CONTROL_PLANE_PORT, SIMULATOR_PORT } = settings;
  const ports = await settlePorts(dataDir, host, { INTAKE_PORT, CONTROL_PLANE_PORT, SIMULATOR_PORT });
  const signingSecrets = settings.SIGNING_SECRET ?? ([secrets.signingSecret] as const);
  const webhookSecret = settings.SIMULATOR_WEBHOOK_SECRET ?? secrets.webhookSecret;

  const running: RunningService[] = [];
  const started = async <T extends RunningService>(service: Promise<T>): Promise<T> => {
    const is = await service;
    running.push(is);
    return is;
  };
  try {
    const database = await openDatabaseOf(dataDir, settings, progress);
    const { postgres } = database;
    if (postgres) running.push({ name: 'postgres', stop: () => postgres.stop() });
    await bringUpToDate(database, progress);

    progress('Starting the services');
    const simulator = await startSimulator({
      host,
      port: ports.SIMULATOR_PORT,
      dataDir: join(dataDir, 'simulator'),
      webhookSecret,
    });
    running.push({ name: 'simulator', url: simulator.url, stop: () => simulator.stop() });
    const databaseUrl = database.url;
    const publicUrl = settings.PUBLIC_URL ?? `http://${host}:${ports.INTAKE_PORT}`;

    if (bus.kind === 'kafka')
      await started(
        startRelay({
          databaseUrl,
          kafka: bus,
          replicationFactor: settings.KAFKA_REPLICATION_FACTOR,
          logLevel,
        }),
      );
    await started(startProjections({ databaseUrl, bus, logLevel }));
    await started(
      startArtifact({
        ...artifactDefaults,
        databaseUrl,
        bus,
        objects,
        dataDir,
        allowedHosts: privateHosts(settings.PROVIDERS_FILE, simulator.url),
        logLevel,
      }),
    );
    await started(
      startProviderGateway({
        databaseUrl,
        publicUrl,
        bus,
        objects,
        signingSecrets,
        accounts: configuredAccounts(
          settings.PROVIDERS_FILE,
          { simulatorUrl: simulator.url, publicUrl },
          env,
        ),
        logLevel,
      }),
    );
    const controlPlane = await started(
      startControlPlane({
        databaseUrl,
        host,
        port: ports.CONTROL_PLANE_PORT,
        operatorKey: secrets.operatorKey,
        traceUrl: settings.TRACE_URL,
        accounts: accountIds(settings.PROVIDERS_FILE),
        logLevel,
      }),
    );
    const intake = await started(
      startIntake(
        {
          ...intakeDefaults,
          host,
          port: ports.INTAKE_PORT,
          publicUrl: settings.PUBLIC_URL,
          databaseUrl: database.apiUrl,
          objects,
          signingSecrets,
          ...offered(settings.PROVIDERS_FILE, webhookSecret, env),
          dailyBudget: budgetOf(settings.DAILY_BUDGET_MICROS),
          demoKey: secrets.demoKey,
          demoSession: isLoopback(host),
          traceUrl: settings.TRACE_URL,
          logLevel,
          logPrompts: settings.LOG_PROMPTS,
        },
        { demoVendor: simulatedVendor(simulator) },
      ),
    );

    const ready = (): ReadyFile => ({
      intake: intake.url,
      control_plane: controlPlane.url,
      simulator: simulator.url,
      demo_key: secrets.demoKey,
      operator_key: secrets.operatorKey,
      pid: process.pid,
      processes: [
        { name: 'darkroom', pid: process.pid },
        ...(postgres ? [{ name: 'postgres', pid: postgres.pid }] : []),
      ],
      database_url: databaseUrl,
    });
    const leave = (): void => {
      intake.leave();
      controlPlane.leave();
    };
    return { secrets, ready, leave, stop: () => stopInReverse(running) };
  } catch (error) {
    await stopInReverse(running).catch(() => undefined);
    throw error;
  }
}
