import 'reflect-metadata';
import { serve } from '@darkroom/platform';
import { readIntakeConfig } from './config.js';
import { startIntake } from './start-intake.js';

await serve('intake', async (logger) => startIntake(readIntakeConfig(process.env), { logger }));
