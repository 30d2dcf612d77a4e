export { answerHeader } from './answer-header.js';
export * from './capability-sheet.js';
export * from './provider-adapter.js';
export { adapterFor, knownAdapters, knownModels, sheetFor } from './registry.js';
