import 'reflect-metadata';
import { serve } from '@darkroom/platform';
import { readArtifactConfig } from './config.js';
import { startArtifact } from './index.js';

await serve('artifact', async (logger) => startArtifact(readArtifactConfig(process.env), { logger }));
