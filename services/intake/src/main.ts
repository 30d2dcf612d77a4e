import 'reflect-metadata';
import { createLogger, stopOnSignals } from '@darkroom/platform';
import { readIntakeConfig } from './config.js';
import { startIntake } from './start-intake.js';

const config = readIntakeConfig(process.env);
const logger = createLogger({ service: 'intake', level: config.logLevel, logPrompts: config.logPrompts });
const service = await startIntake(config, { logger });
stopOnSignals(() => service.stop(), {
  logger,
  drainSeconds: config.drainSeconds,
  onStopping: () => service.leave(),
});
