export { answerHeader } from './answer-header.js';
export * from './capability-sheet.js';
export * from './provider-adapter.js';
export { adapterFor, knownModels, sheetFor } from './registry.js';
