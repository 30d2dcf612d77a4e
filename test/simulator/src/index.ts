export { readSimulatorConfig } from './config.js';
export type { FaultsInput } from './faults.js';
export { type RunningSimulator, type SimulatorOptions, startSimulator } from './start.js';
