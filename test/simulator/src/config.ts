import { join } from 'node:path';
import { z } from 'zod';
import type { SimulatorOptions } from './start.js';

const environmentSchema = z.object({
  SIMULATOR_PORT: z.coerce.number().int().min(0).max(65_535).default(8090),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATA_DIR: z.string().min(1).default('.darkroom'),
  SIMULATOR_WEBHOOK_SECRET: z.string().startsWith('whsec_').optional(),
  SIMULATOR_URL: z.url({ protocol: /^https?$/ }).optional(),
});

/** Settings of the simulator as a process of its own; its state lies in `DATA_DIR/simulator`. */
export function readSimulatorConfig(environment: NodeJS.ProcessEnv): SimulatorOptions {
  const read = environmentSchema.safeParse(environment);
  if (!read.success) {
    throw new Error(read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  const {
    SIMULATOR_PORT: port,
    HOST: host,
    DATA_DIR: dataDir,
    SIMULATOR_WEBHOOK_SECRET: webhookSecret,
    SIMULATOR_URL: linkBase,
  } = read.data;
  return {
    host,
    port,
    dataDir: join(dataDir, 'simulator'),
    ...(webhookSecret ? { webhookSecret } : {}),
    ...(linkBase ? { linkBase: linkBase.replace(/\/$/, '') } : {}),
  };
}
