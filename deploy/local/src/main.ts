import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { createLogger, readSettings, runMain, startTelemetry, stopOnSignals } from '@darkroom/platform';
import { startDarkroom } from './darkroom.js';
import { makeDataDir } from './data-dir.js';
import { lockDataDir } from './data-dir-lock.js';
import { firstScreen } from './first-screen.js';
import { removeReadyFile, removeStaleReadyFile, writeReadyFile } from './ready-file.js';

/** How often ready.json is compared with what runs: a restarted Postgres has another pid. */
const lookMs = 1_000;

async function main(): Promise<void> {
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
  const telemetry = startTelemetry({ service: 'darkroom', endpoint, logger });
  const darkroom = await startDarkroom(dataDir, env, progress);
  const stop = async (): Promise<void> => {
    await darkroom.stop();
    await telemetry.stop();
  };
  stopOnSignals(stop, {
    logger,
    drainSeconds: settings.DRAIN_SECONDS,
    onStopping: () => darkroom.leave(),
  });

  let written = '';
  const write = (): void => {
    const ready = darkroom.ready();
    const text = JSON.stringify(ready);
    if (text !== written) writeReadyFile(dataDir, ready);
    written = text;
  };
  write();
  setInterval(write, lookMs).unref();
  process.stdout.write(
    firstScreen(darkroom.ready(), {
      seconds: (performance.now() - began) / 1000,
      freshKeys: darkroom.secrets.fresh,
      tryKey: `try-${randomBytes(4).toString('hex')}`,
    }),
  );
}

await runMain('darkroom', main);
