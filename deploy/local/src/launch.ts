import { randomBytes } from 'node:crypto';
import {
  createLogger,
  type Logger,
  readSettings,
  startMetrics,
  startTelemetry,
  stopOnSignals,
  type Telemetry,
} from '@darkroom/platform';
import { makeDataDir } from './data-dir.js';
import { lockDataDir } from './data-dir-lock.js';
import { firstScreen } from './first-screen.js';
import { type ReadyFile, removeReadyFile, removeStaleReadyFile, writeReadyFile } from './ready-file.js';
import type { LoadedSecrets } from './secrets.js';

/** How often ready.json is compared with what runs: what was restarted has another pid. */
const lookMs = 1_000;

/** All of Darkroom, in this process or below it. */
export interface RunningDarkroom {
  readonly secrets: LoadedSecrets;
  /** What ready.json says; asked again, as what crashed comes back under another pid. */
  ready(): ReadyFile;
  /** Readiness turns false, everything is served on. */
  leave(): void;
  stop(): Promise<void>;
  /** How long that may take; absent: a minute. */
  readonly stopSeconds?: number;
  /** Has the file looked at when something changed; absent: once a second is enough. */
  onChange?(listener: () => void): void;
}

export interface Launched {
  /** Locked for this process. */
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  /** One line for the person at the terminal. */
  readonly progress: (line: string) => void;
}

/**
 * What every launcher does: takes the data folder, starts, says so in `ready.json` and on the terminal, and stops in order on a signal.
 * @param inOneProcess whether this process serves, counts and traces by itself; else those that it started do, and drain by themselves
 * @throws ConfigError, DataDirInUse and whatever `start` throws
 */
export async function launch(
  start: (launched: Launched) => Promise<RunningDarkroom>,
  { inOneProcess }: { readonly inOneProcess: boolean },
): Promise<void> {
  const began = performance.now();
  const settings = readSettings(['DATA_DIR', 'LOG_LEVEL', 'DRAIN_SECONDS', 'OTEL_EXPORTER_OTLP_ENDPOINT'], {
    DRAIN_SECONDS: '0',
    ...process.env,
  });
  const dataDir = makeDataDir(settings.DATA_DIR);
  const lock = lockDataDir(dataDir);
  process.once('exit', () => {
    removeReadyFile(dataDir);
    lock.release();
  });
  removeStaleReadyFile(dataDir);
  const progress = (line: string): void => void process.stdout.write(`  ${line}\n`);
  // The services log to the terminal of whoever tries this: what is not worth a look stays away.
  const env = { LOG_LEVEL: 'warn', ...process.env };
  const logger = createLogger({ service: 'darkroom', level: env.LOG_LEVEL });
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  const telemetry: Telemetry | undefined = inOneProcess
    ? startTelemetry({ service: 'darkroom', endpoint, logger })
    : undefined;
  if (inOneProcess) startMetrics('darkroom', logger);
  const darkroom = await start({ dataDir, env, logger, progress });
  let isStopping = false;
  const stop = async (): Promise<void> => {
    await darkroom.stop();
    await telemetry?.stop();
  };
  stopOnSignals(stop, {
    logger,
    drainSeconds: inOneProcess ? settings.DRAIN_SECONDS : 0,
    ...(darkroom.stopSeconds === undefined ? {} : { mostSeconds: darkroom.stopSeconds }),
    onStopping: () => {
      isStopping = true;
      darkroom.leave();
    },
  });

  let written = '';
  const write = (): void => {
    if (isStopping) return;
    const ready = darkroom.ready();
    const text = JSON.stringify(ready);
    if (text === written) return;
    try {
      writeReadyFile(dataDir, ready);
      written = text;
    } catch (error) {
      // A disk that is full must not end those who serve: it is written again at the next look.
      logger.warn({ err: error }, 'ready.json could not be written');
    }
  };
  write();
  darkroom.onChange?.(write);
  setInterval(write, lookMs).unref();
  process.stdout.write(
    firstScreen(darkroom.ready(), {
      seconds: (performance.now() - began) / 1000,
      freshKeys: darkroom.secrets.fresh,
      tryKey: `try-${randomBytes(4).toString('hex')}`,
    }),
  );
}
