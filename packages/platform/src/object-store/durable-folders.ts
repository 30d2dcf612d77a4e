import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A new or removed name in a folder survives a crash of the machine only once the folder was synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes folders below `root` so that they survive a crash; each is synced once a process. */
export function durableFolders(root: string): (folder: string) => Promise<void> {
  const durable = new Set<string>();
  const make = async (folder: string): Promise<void> => {
    if (durable.has(folder)) return;
    // Private: images belong to tenants.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Another process may have made it and died before syncing: not asked who made it.
    if (folder !== root) await make(dirname(folder));
    await syncFolder(dirname(folder));
    durable.add(folder);
  };
  return make;
}
