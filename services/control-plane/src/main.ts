import 'reflect-metadata';
import { createLogger, readSettings, runMain, stopOnSignals } from '@darkroom/platform';
import { readControlPlaneConfig } from './config.js';
import { startControlPlane } from './index.js';

await runMain('control-plane', async () => {
  const config = readControlPlaneConfig(process.env);
  const service = await startControlPlane(config);
  stopOnSignals(() => service.stop(), {
    logger: createLogger({ service: service.name, level: config.logLevel }),
    drainSeconds: readSettings(['DRAIN_SECONDS'], process.env).DRAIN_SECONDS,
    onStopping: () => service.leave(),
  });
});
