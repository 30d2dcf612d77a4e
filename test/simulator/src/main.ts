import { readSimulatorConfig } from './config.js';
import { startSimulator } from './start.js';

const simulator = await startSimulator(readSimulatorConfig(process.env)).catch((error: unknown) => {
  console.error(`simulator: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
console.log(`simulator: ${simulator.url}`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void simulator.stop().then(() => process.exit(0)));
}
