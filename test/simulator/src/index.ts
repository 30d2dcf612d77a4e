export { type RunningSimulator, type SimulatorOptions, startSimulator } from './start.js';
