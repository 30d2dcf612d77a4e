export { type ReadyFile, readReadyFile } from './ready-file.js';
