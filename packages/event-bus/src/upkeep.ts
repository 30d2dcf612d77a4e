import type { CheckpointLease, Cursor, EventStore } from '@darkroom/event-store';
import type { KeyedScheduler } from './keyed-scheduler.js';
import { WakeUp } from './wake-up.js';

interface UpkeepOptions {
  readonly store: Pick<EventStore, 'checkpoints'>;
  readonly group: string;
  readonly leaseSeconds: number;
  readonly checkpointMs: number;
}

/** Renews a consumer's lease every third of it and writes the low-water mark as its checkpoint. */
export class Upkeep {
  /** The lease is someone else's, or could not be renewed in time: nothing more may be started under it. */
  lost = false;
  private written: Cursor | undefined;
  private renewedAt = performance.now();
  private ending = false;
  private readonly wake = new WakeUp();
  private loop: Promise<void> | undefined;

  constructor(
    private readonly options: UpkeepOptions,
    private readonly lease: CheckpointLease,
    private readonly scheduler: KeyedScheduler<Cursor>,
    private readonly onLost: () => void,
  ) {}

  start(): void {
    this.loop ??= this.run();
  }

  /** Writes the last checkpoint and hands the lease back, as far as the database answers. */
  async finish(): Promise<void> {
    this.ending = true;
    this.wake.signal();
    await this.loop;
    if (this.lost) return;
    try {
      await this.checkpoint();
      await this.options.store.checkpoints.release(this.options.group, this.lease.fencing);
    } catch {
      // The lease runs out by itself and what was not checkpointed is delivered again.
    }
  }

  private async run(): Promise<void> {
    const leaseMs = this.options.leaseSeconds * 1_000;
    while (!this.ending && !this.lost) {
      await this.wake.sleep(Math.min(this.options.checkpointMs, leaseMs / 3));
      try {
        if (performance.now() - this.renewedAt >= leaseMs / 3) await this.renew();
        await this.checkpoint();
      } catch {
        // The database is away. What matters is whether the lease outlives it.
      }
      if (performance.now() - this.renewedAt >= leaseMs) this.lose();
    }
  }

  private async renew(): Promise<void> {
    const asked = performance.now();
    const held = await this.options.store.checkpoints.renew(
      this.options.group,
      this.lease.fencing,
      this.options.leaseSeconds,
    );
    if (held) this.renewedAt = asked;
    else this.lose();
  }

  private async checkpoint(): Promise<void> {
    const mark = this.scheduler.lowWater;
    if (mark === undefined || mark === this.written || this.lost) return;
    if (await this.options.store.checkpoints.advance(this.options.group, this.lease.fencing, mark))
      this.written = mark;
    else this.lose();
  }

  private lose(): void {
    this.lost = true;
    this.onLost();
  }
}
