export { readSimulatorConfig } from './config.js';
export { type RunningSimulator, type SimulatorOptions, startSimulator } from './start.js';
