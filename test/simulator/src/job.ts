import { z } from 'zod';
import { happens } from './chance.js';
import type { Faults } from './faults.js';

/** What will be done about a job's webhook, drawn at acceptance. */
const webhookPlanSchema = z.object({
  url: z.string(),
  duplicate: z.boolean(),
  forge: z.boolean(),
  lose: z.boolean(),
  delay_ms: z.number(),
});

/** A job as it is kept: everything about its future is settled at acceptance, so that a restart changes nothing. */
export const jobSchema = z.object({
  id: z.string(),
  model: z.enum(['standard', 'keyed', 'reject', 'blind', 'inline']),
  prompt: z.string(),
  width: z.number(),
  height: z.number(),
  count: z.number(),
  seed: z.number(),
  format: z.enum(['png', 'jpeg', 'webp']),
  reference: z.string().nullable(),
  queue_position: z.number(),
  /** Milliseconds of the clock. */
  accepted_at: z.number(),
  starts_at: z.number(),
  ends_at: z.number(),
  end: z.enum(['succeeded', 'failed', 'moderated']),
  webhook: webhookPlanSchema.nullable(),
});

export type Job = z.infer<typeof jobSchema>;

export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled';

/** Where a job stands. It needs no timer: the clock moves it, also while nobody runs. */
export interface JobView {
  status: JobStatus;
  /** 0..100 */
  progress: number;
}

export function viewJob(job: Job, canceledAt: number | undefined, faults: Faults, now: number): JobView {
  if (canceledAt !== undefined) return { status: 'canceled', progress: progressAt(job, canceledAt) };
  if (now < job.starts_at) return { status: 'queued', progress: 0 };
  if (now < job.ends_at) return { status: 'running', progress: progressAt(job, now) };
  if (happens(faults.poll.stuck, faults.seed, 'poll.stuck', job.id))
    return { status: 'running', progress: 99 };
  return job.end === 'succeeded'
    ? { status: 'succeeded', progress: 100 }
    : { status: 'failed', progress: 99 };
}

export function isEnded(status: JobStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'canceled';
}

/** What an earlier answer would have said. */
export function oneStepBack(view: JobView): JobView {
  return view.status === 'running' || view.status === 'queued'
    ? { status: 'queued', progress: 0 }
    : { status: 'running', progress: Math.floor(view.progress / 2) };
}

export const jobErrors = {
  failed: { code: 'generation_failed', message: 'The model stopped with an error' },
  moderated: { code: 'content_moderated', message: 'The result was held back by our content policy' },
} as const;

function progressAt(job: Job, now: number): number {
  if (now <= job.starts_at) return 0;
  return Math.max(
    0,
    Math.min(99, Math.floor((100 * (now - job.starts_at)) / Math.max(1, job.ends_at - job.starts_at))),
  );
}
