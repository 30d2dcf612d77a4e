export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './errors.js';
export { freePort, tryPort } from './free-port.js';
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './start.js';
