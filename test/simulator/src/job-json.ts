import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Job, jobErrors, type JobView } from './job.js';
import type { Picture } from './pictures.js';

/** Makes and checks the links that outputs are fetched by: nothing but the signature opens them. */
export class OutputLinks {
  constructor(
    private readonly secret: string,
    private readonly baseUrl: () => string,
  ) {}

  link(job: Job, index: number, expires: number): string {
    return `${this.baseUrl()}/outputs/${job.id}/${index}?expires=${expires}&signature=${this.sign(job.id, index, expires)}`;
  }

  isGenuine(jobId: string, index: number, expires: number, signature: string): boolean {
    const expected = Buffer.from(this.sign(jobId, index, expires));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  private sign(jobId: string, index: number, expires: number): string {
    return createHmac('sha256', this.secret).update(`${jobId}\n${index}\n${expires}`).digest('hex');
  }
}

function described(job: Job, view: JobView): Record<string, unknown> {
  return {
    id: job.id,
    model: job.model,
    status: view.status,
    progress: view.progress,
    prompt: job.prompt,
    width: job.width,
    height: job.height,
    count: job.count,
    seed: job.seed,
    format: job.format,
    reference: job.reference,
    created_at: new Date(job.accepted_at).toISOString(),
    outputs: null,
    error: view.status === 'failed' ? jobErrors[job.end === 'moderated' ? 'moderated' : 'failed'] : null,
  };
}

/** A job as polls, lists and webhooks show it. */
export function jobJson(
  job: Job,
  view: JobView,
  pictures: readonly Picture[],
  links: OutputLinks,
  expires: number,
): Record<string, unknown> {
  const body = described(job, view);
  if (view.status !== 'succeeded') return body;
  const outputs = pictures.map((picture, index) => ({
    url: links.link(job, index, expires),
    sha256: picture.sha256,
    bytes: picture.bytes.length,
  }));
  return { ...body, outputs };
}

/** What `inline` answers: the end of the job, with the images in it. */
export function inlineJson(job: Job, pictures: readonly Picture[]): Record<string, unknown> {
  const failed = job.end !== 'succeeded';
  const body = described(job, { status: failed ? 'failed' : 'succeeded', progress: 100 });
  if (failed) return body;
  const outputs = pictures.map((picture) => ({
    b64: picture.bytes.toString('base64'),
    sha256: picture.sha256,
    bytes: picture.bytes.length,
  }));
  return { ...body, outputs };
}
