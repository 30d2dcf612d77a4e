import 'reflect-metadata';
import { serve } from '@darkroom/platform';
import { readProjectionsConfig } from './config.js';
import { startProjections } from './index.js';

await serve('projections', async (logger) =>
  startProjections(readProjectionsConfig(process.env), { logger }),
);
