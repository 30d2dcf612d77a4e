import 'reflect-metadata';
import { serve } from '@darkroom/platform';
import { readControlPlaneConfig } from './config.js';
import { startControlPlane } from './index.js';

await serve('control-plane', async (logger) =>
  startControlPlane(readControlPlaneConfig(process.env), { logger }),
);
