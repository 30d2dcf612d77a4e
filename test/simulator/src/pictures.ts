import { createHash } from 'node:crypto';
import { drawPicture } from './drawing.js';
import type { Job } from './job.js';

export interface Picture {
  bytes: Buffer;
  sha256: string;
}

/** Bytes kept so that a poll and the download after it draw once. */
const keptBytes = 32 * 1024 * 1024;

/** A job's pictures, drawn when asked for. The same job always gives the same bytes, also after a restart. */
export class Pictures {
  private readonly kept = new Map<string, Promise<Picture>>();
  private readonly sizes = new Map<string, number>();
  private total = 0;

  get(job: Job, index: number): Promise<Picture> {
    const key = `${job.id}/${index}`;
    const known = this.kept.get(key);
    if (known) return known;
    const drawn = this.draw(job, index, key);
    this.kept.set(key, drawn);
    return drawn;
  }

  all(job: Job): Promise<Picture[]> {
    return Promise.all(Array.from({ length: job.count }, (_, index) => this.get(job, index)));
  }

  private async draw(job: Job, index: number, key: string): Promise<Picture> {
    const bytes = await drawPicture({
      prompt: job.prompt,
      seed: job.seed,
      index,
      width: job.width,
      height: job.height,
      format: job.format,
    });
    this.sizes.set(key, bytes.length);
    this.total += bytes.length;
    this.evict(key);
    return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  private evict(newest: string): void {
    for (const [key, size] of this.sizes) {
      if (this.total <= keptBytes || key === newest) return;
      this.sizes.delete(key);
      this.kept.delete(key);
      this.total -= size;
    }
  }
}
