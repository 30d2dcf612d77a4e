import { settings } from '../config/settings.js';

/** What this process was given, without what would lead a Darkroom of a test, or of a benchmark, to somebody's own servers. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '' };
  // Where the parts are installed is the one thing that every process shares.
  for (const name of Object.keys(settings)) if (name !== 'DARKROOM_CACHE') delete env[name];
  return env;
}
