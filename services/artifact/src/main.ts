import 'reflect-metadata';
import { createLogger, runMain, stopOnSignals } from '@darkroom/platform';
import { readArtifactConfig } from './config.js';
import { startArtifact } from './index.js';

await runMain('artifact', async () => {
  const config = readArtifactConfig(process.env);
  const service = await startArtifact(config);
  stopOnSignals(() => service.stop(), {
    logger: createLogger({ service: service.name, level: config.logLevel }),
    drainSeconds: 0,
  });
});
