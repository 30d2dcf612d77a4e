import { ensureBuilt } from './build.mjs';

ensureBuilt();
await import('../deploy/local/dist/setup.js');
