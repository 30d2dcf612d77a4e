import 'reflect-metadata';
import { createLogger, runMain, stopOnSignals } from '@darkroom/platform';
import { readIntakeConfig } from './config.js';
import { startIntake } from './start-intake.js';

await runMain('intake', async () => {
  const config = readIntakeConfig(process.env);
  const logger = createLogger({ service: 'intake', level: config.logLevel, logPrompts: config.logPrompts });
  const service = await startIntake(config, { logger });
  const { drainSeconds } = config;
  stopOnSignals(() => service.stop(), { logger, drainSeconds, onStopping: () => service.leave() });
});
