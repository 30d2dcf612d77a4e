import { runMain } from '@darkroom/platform';
import { launch } from '../launch.js';
import { startFull } from './start-full.js';

await runMain('darkroom', async () => launch(startFull, { inOneProcess: false }));
