export { ownEnvironment } from './own-environment.js';
export { objectStoreConformance, type ObjectStoreConformanceCase } from './object-store-conformance.js';
export { type RawServer, type SeenConnection, startRawServer } from './raw-server.js';
export { type OtlpMood, OtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';
export { severableLink, type SeverableLink } from './severable-link.js';
