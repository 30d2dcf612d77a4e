export { pixelBomb } from './bombs.js';
export { draw } from './chance.js';
export { readSimulatorConfig } from './config.js';
export type { FaultsInput } from './faults.js';
export { drawPicture, type PictureFormat } from './drawing.js';
export { type RunningSimulator, type SimulatorOptions, startSimulator } from './start.js';
