import 'reflect-metadata';
import { serve } from '@darkroom/platform';
import { readProviderGatewayConfig } from './config.js';
import { startProviderGateway } from './index.js';

await serve('provider-gateway', async (logger) =>
  startProviderGateway(readProviderGatewayConfig(process.env), { logger }),
);
