import { ensureBuilt } from './build.mjs';

// The launcher runs in this very process, so that the pid in ready.json is the one whose death is a crash.
ensureBuilt();
await import('../deploy/local/dist/main.js');
