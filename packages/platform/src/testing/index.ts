export { objectStoreConformance } from './object-store-conformance.js';
