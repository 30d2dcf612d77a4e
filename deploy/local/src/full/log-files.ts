import { createWriteStream, existsSync, mkdirSync, renameSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** What the processes print, a file each, in `logs` of the data folder; those of the start before are kept as `.1`. */
export class LogFiles {
  readonly folder: string;
  private readonly files = new Map<string, WriteStream>();

  constructor(dataDir: string) {
    this.folder = join(dataDir, 'logs');
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  /** Takes the lines of one process, over its restarts. */
  of(name: string): (line: string) => void {
    const file = this.files.get(name) ?? this.open(name);
    this.files.set(name, file);
    return (line) => void file.write(`${line}\n`);
  }

  private open(name: string): WriteStream {
    const path = join(this.folder, `${name}.log`);
    if (existsSync(path)) renameSync(path, `${path}.1`);
    const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
    // A full disk must not end the launcher, which has everybody else to keep alive.
    file.on('error', () => undefined);
    return file;
  }
}
