import 'reflect-metadata';
import { createLogger, stopOnSignals } from '@darkroom/platform';
import { readIntakeConfig } from './config.js';
import { startIntake } from './start-intake.js';

try {
  const config = readIntakeConfig(process.env);
  const logger = createLogger({ service: 'intake', level: config.logLevel, logPrompts: config.logPrompts });
  const service = await startIntake(config, { logger });
  const { drainSeconds } = config;
  stopOnSignals(() => service.stop(), { logger, drainSeconds, onStopping: () => service.leave() });
} catch (error) {
  console.error(`intake does not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
