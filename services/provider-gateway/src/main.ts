import 'reflect-metadata';
import { createLogger, runMain, stopOnSignals } from '@darkroom/platform';
import { readProviderGatewayConfig } from './config.js';
import { startProviderGateway } from './index.js';

await runMain('provider-gateway', async () => {
  const config = readProviderGatewayConfig(process.env);
  const service = await startProviderGateway(config);
  stopOnSignals(() => service.stop(), {
    logger: createLogger({ service: service.name, level: config.logLevel }),
    drainSeconds: 0,
  });
});
