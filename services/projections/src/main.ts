import 'reflect-metadata';
import { createLogger, runMain, stopOnSignals } from '@darkroom/platform';
import { readProjectionsConfig } from './config.js';
import { startProjections } from './index.js';

await runMain('projections', async () => {
  const config = readProjectionsConfig(process.env);
  const service = await startProjections(config);
  stopOnSignals(() => service.stop(), {
    logger: createLogger({ service: service.name, level: config.logLevel }),
    drainSeconds: 0,
  });
});
