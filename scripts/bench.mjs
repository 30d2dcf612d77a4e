import { ensureBuilt } from './build.mjs';

ensureBuilt();
await import('../bench/dist/main.js');
