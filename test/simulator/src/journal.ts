import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * An append-only file of JSON lines, one `write` each, made before anything is answered. What was written belongs to
 * the kernel: it survives the death of this process by any signal. It is not synced, so a power cut may take the last
 * seconds; a simulator does not promise more. A line that a kill cut in half was never answered for, and is dropped.
 */
export class Journal<Entry> {
  private constructor(
    private readonly file: number,
    readonly restored: readonly Entry[],
  ) {}

  static open<Entry>(path: string, read: (line: unknown) => Entry): Journal<Entry> {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, 'a+', 0o600);
    const content = readFileSync(path);
    const whole = content.lastIndexOf(0x0a) + 1;
    if (whole < content.length) ftruncateSync(file, whole);
    const lines = content.toString('utf8', 0, whole).split('\n');
    const restored = lines.filter((line) => line !== '').map((line) => read(JSON.parse(line)));
    return new Journal(file, restored);
  }

  append(entry: Entry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    for (let written = 0; written < line.length;) written += writeSync(this.file, line, written);
  }

  close(): void {
    closeSync(this.file);
  }
}
