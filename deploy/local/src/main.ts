import 'reflect-metadata';
import { runMain } from '@darkroom/platform';
import { startDarkroom } from './darkroom.js';
import { launch } from './launch.js';

await runMain('darkroom', async () =>
  launch(({ dataDir, env, progress }) => startDarkroom(dataDir, env, progress), { inOneProcess: true }),
);
