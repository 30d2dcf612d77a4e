import { ensureBuilt } from './build.mjs';

ensureBuilt();
await import('../packages/infra/dist/main.js');
