import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { z } from 'zod';

/** What a server keeps over restarts in a private file of its data folder; made anew where it is not there or not whole. */
export async function keptFile<T>(file: string, schema: z.ZodType<T>, make: () => Promise<T>): Promise<T> {
  const kept = schema.safeParse(existsSync(file) ? parsed(await readFile(file, 'utf8')) : undefined);
  if (kept.success) return kept.data;
  const made = await make();
  await writeFile(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
