import { adoptRestoredLog } from '@darkroom/event-store';
import { readSettings, runMain } from '@darkroom/platform';
import { bringUpToDate, openDatabaseOf, withOwner } from './database.js';
import { makeDataDir } from './data-dir.js';
import { lockDataDir } from './data-dir-lock.js';

/** After a dump was restored into another cluster, once, with all services stopped: see docs/guides/dump-and-restore.md. */
async function main(): Promise<void> {
  const settings = readSettings(['DATA_DIR', 'DATABASE_URL', 'DATABASE_OWNER_URL'], process.env);
  const dataDir = makeDataDir(settings.DATA_DIR);
  const lock = lockDataDir(dataDir);
  const progress = (line: string): void => void process.stdout.write(`  ${line}\n`);
  try {
    const database = await openDatabaseOf(dataDir, settings, progress);
    try {
      await bringUpToDate(database, progress, { resetAccess: true });
      const adoption = await withOwner(database, 'darkroom restore', adoptRestoredLog);
      process.stdout.write(
        adoption.outcome === 'in-place'
          ? 'Nothing to do: the event log belongs to this database cluster.\n'
          : `Adopted: ${adoption.events} events and ${adoption.checkpoints} checkpoints are this cluster's now.\n`,
      );
    } finally {
      await database.postgres?.stop();
    }
  } finally {
    lock.release();
  }
}

await runMain('restore', main);
