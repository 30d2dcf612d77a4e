import { randomUUID } from 'node:crypto';
import type { PictureFormat } from '@darkroom/simulator';
import { type Controls, controlsSchema, type ControlsInput } from './controls.js';

/** What pictures were ordered. */
export interface Order {
  readonly prompt: string;
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly seed: number;
  readonly format: PictureFormat;
}

/** A job that was taken, and will be billed. */
export interface DoubleJob {
  readonly id: string;
  readonly order: Order;
  /** The vendor's own form of what was asked. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly webhook: string | null;
  readonly acceptedAt: number;
  endsAt: number;
  readonly end: Controls['job']['end'];
  /** Null: it has none. */
  readonly deadline: number | null;
  canceledAt: number | null;
  polls: number;
}

export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'moderated' | 'canceled' | 'aborted';

/** A vendor's books: what it took and will bill, and how each job stands. */
export class VendorBook {
  private readonly jobs = new Map<string, DoubleJob>();
  private current: Controls = controlsSchema.parse({});
  /** Submits that reached the vendor, whatever came of them. */
  submits = 0;
  /** Everything that was taken, in order: also what a restart has forgotten since. */
  readonly bill: DoubleJob[] = [];

  get controls(): Controls {
    return this.current;
  }

  /** All at once: what is absent goes well. */
  control(wanted: ControlsInput): void {
    this.current = controlsSchema.parse(wanted);
  }

  /** Whether a thing that is to happen so many times still happens; counts it. */
  takes(what: { times?: number | undefined } | undefined): boolean {
    if (what === undefined || what.times === 0) return false;
    if (what.times !== undefined) what.times -= 1;
    return true;
  }

  accept(
    job: Pick<DoubleJob, 'order' | 'asked' | 'model' | 'webhook'> & {
      readonly id?: string;
      readonly deadlineMs?: number;
    },
  ): DoubleJob {
    const now = Date.now();
    const { seconds, end } = this.current.job;
    const { id = randomUUID(), deadlineMs, ...rest } = job;
    const taken: DoubleJob = {
      ...rest,
      id,
      acceptedAt: now,
      endsAt: end === 'stuck' ? Number.POSITIVE_INFINITY : now + seconds * 1_000,
      end,
      deadline: deadlineMs === undefined ? null : now + deadlineMs,
      canceledAt: null,
      polls: 0,
    };
    this.jobs.set(id, taken);
    this.bill.push(taken);
    return taken;
  }

  job(id: string): DoubleJob | undefined {
    return this.jobs.get(id);
  }

  /** Newest first. */
  all(): DoubleJob[] {
    return [...this.jobs.values()].toReversed();
  }

  get open(): number {
    return this.all().filter((job) => ['queued', 'running'].includes(this.statusOf(job))).length;
  }

  /** The first tenth is spent in the queue. */
  statusOf(job: DoubleJob, now = Date.now()): JobStatus {
    const { acceptedAt, endsAt, end, canceledAt, deadline } = job;
    const endedAt = Math.min(endsAt, canceledAt ?? endsAt, deadline ?? endsAt);
    const startsAt = Number.isFinite(endsAt) ? acceptedAt + (endsAt - acceptedAt) / 10 : acceptedAt + 100;
    if (now < endedAt) return now < startsAt ? 'queued' : 'running';
    if (endedAt === canceledAt) return 'canceled';
    if (endedAt === deadline && deadline < endsAt) return deadline < startsAt ? 'aborted' : 'canceled';
    return end === 'nothing' || end === 'stuck' ? 'succeeded' : end;
  }

  isEnded(job: DoubleJob): boolean {
    return !['queued', 'running'].includes(this.statusOf(job));
  }

  /** @returns false where the job has ended, or the vendor does as it likes */
  cancel(job: DoubleJob): boolean {
    if (this.isEnded(job) || this.current.cancel !== 'works') return false;
    job.canceledAt = Date.now();
    return true;
  }

  /** One that would run for ever is done now. Nobody is called. */
  finish(job: DoubleJob): void {
    job.endsAt = Date.now();
  }

  /** A vendor that starts again and remembers nothing. */
  forgetAll(): void {
    this.jobs.clear();
  }
}
