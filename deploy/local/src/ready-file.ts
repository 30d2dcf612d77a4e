import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivateFile } from './write-private-file.js';

const readySchema = z.object({
  intake: z.string(),
  control_plane: z.string(),
  simulator: z.string(),
  demo_key: z.string(),
  operator_key: z.string(),
  pid: z.int(),
  processes: z.array(z.object({ name: z.string(), pid: z.int() })),
  database_url: z.string(),
  kafka_brokers: z.string().optional(),
  s3_endpoint: z.string().optional(),
  jaeger: z.string().optional(),
});

/** What scripts read to find a running Darkroom: `ready.json` in the data folder. */
export type ReadyFile = z.infer<typeof readySchema>;

const pathOf = (dataDir: string): string => join(dataDir, 'ready.json');

/** Says that everything is up; replaced as a whole when something changed. */
export function writeReadyFile(dataDir: string, ready: ReadyFile): void {
  writePrivateFile(pathOf(dataDir), `${JSON.stringify(ready, null, 2)}\n`);
}

/** The file as it stands; undefined when Darkroom is not ready. */
export function readReadyFile(dataDir: string): ReadyFile | undefined {
  try {
    return readySchema.parse(JSON.parse(readFileSync(pathOf(dataDir), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Removes the file, if this process is the one that wrote it. */
export function removeReadyFile(dataDir: string): void {
  if (readReadyFile(dataDir)?.pid === process.pid) rmSync(pathOf(dataDir), { force: true });
}

/** Removes what a killed process left behind; the caller holds the data folder's lock. */
export function removeStaleReadyFile(dataDir: string): void {
  rmSync(pathOf(dataDir), { force: true });
}
