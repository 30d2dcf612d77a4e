import { serve } from '@darkroom/platform';
import { readRelayConfig } from './config.js';
import { startRelay } from './index.js';

await serve('relay', async (logger) => startRelay(readRelayConfig(process.env), { logger }));
