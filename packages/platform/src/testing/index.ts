export { objectStoreConformance, type ObjectStoreConformanceCase } from './object-store-conformance.js';
export { type RawServer, type SeenConnection, startRawServer } from './raw-server.js';
