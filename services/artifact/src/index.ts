export {
  type AllowedHost,
  type ArtifactConfig,
  artifactDefaults,
  privateHosts,
  readArtifactConfig,
} from './config.js';
export { artifactMigrations } from './migrations.js';
export { type ArtifactOptions, startArtifact } from './start-artifact.js';
export type { CrashProbe } from './use-cases/store-one.js';
