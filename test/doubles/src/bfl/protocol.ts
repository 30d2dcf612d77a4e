import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob } from '../harness/vendor-book.js';

const side = z.number().int().min(64).max(4_096).multipleOf(16);

const requestSchema = z.object({
  prompt: z.string(),
  width: side.default(1_024),
  height: side.default(1_024),
  seed: z.number().int().optional(),
  output_format: z.enum(['jpeg', 'png']).default('jpeg'),
  webhook_url: z.url().optional(),
  webhook_secret: z.string().optional(),
});

const models = ['flux-2-pro', 'flux-pro-1.1'];

/** What one costs in credits. */
const credits = 3.5;

const detail = (status: number, said: unknown): Reply => ({ status, body: { detail: said } });

const refusals: Readonly<Record<string, Reply>> = {
  402: detail(402, 'Insufficient credits'),
  403: detail(403, 'Not authenticated'),
  422: detail(422, [
    { loc: ['body', 'width'], msg: 'Input should be a multiple of 16', type: 'multiple_of' },
  ]),
  429: detail(429, 'Active task limit exceeded'),
  '400 words': { status: 400, body: { error: 'invalid_request', message: 'No such thing', details: {} } },
};

export interface BflOptions {
  /** Whether the answer names where the task is asked for also where a webhook was asked for; it is known there alone then. */
  readonly isRegional?: boolean;
}

/** Black Forest Labs' API. A task that was asked for without a webhook is known in one region alone, which the answer names. */
export function bflProtocol({ isRegional = false }: BflOptions = {}): VendorProtocol {
  return {
    name: 'bfl',
    words: { busy: { status: 429, seconds: 5 }, badKey: { status: 403 } },
    isSubmit: ({ method, path }) => method === 'POST' && path.startsWith('/v1/'),
    isPoll: ({ method, path }) => method === 'GET' && path.endsWith('/get_result'),
    refuse: (status, reason) =>
      refusals[reason === undefined ? status : `${status} ${reason}`] ?? {
        status,
        headers: { 'content-type': 'text/html' },
        body: `<h1>${status}</h1>`,
      },
    handle: (call, world) => handle(call, world, isRegional),
    async webhook(job, _event, world, isForged) {
      const { webhook } = world.book.controls;
      const task = await taskOf(job, world);
      const told = {
        ...task,
        ...(webhook.wrongJob ? { id: 'another-task' } : {}),
        timestamp: new Date().toISOString(),
      };
      const body = JSON.stringify(told);
      const secret = isForged ? 'a guess' : String(job.asked['webhook_secret']);
      return {
        body,
        headers: { 'x-bfl-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` },
      };
    },
  };
}

async function handle(call: Call, world: DoubleWorld, areAllRegional: boolean): Promise<Reply> {
  const { method, path, headers } = call;
  if (typeof headers['x-key'] !== 'string' || headers['x-key'] === '')
    return refusals[403] ?? { status: 403 };
  const isRegional = path.startsWith('/us1/');
  const name = path.slice(isRegional ? '/us1/v1/'.length : '/v1/'.length);
  if (method === 'GET' && name === 'get_result') return result(call, isRegional, areAllRegional, world);
  return method === 'POST' && !isRegional && models.includes(name)
    ? submit(call, name, areAllRegional, world)
    : detail(404, 'Not Found');
}

function submit({ body }: Call, model: string, areAllRegional: boolean, world: DoubleWorld): Reply {
  const { book, url } = world;
  let asked: z.infer<typeof requestSchema>;
  try {
    const parsed = requestSchema.safeParse(JSON.parse(body.toString()));
    if (!parsed.success)
      return detail(
        422,
        parsed.error.issues.map(({ path, message, code }) => ({
          loc: ['body', ...path],
          msg: message,
          type: code,
        })),
      );
    asked = parsed.data;
  } catch {
    return detail(422, [{ loc: ['body', 0], msg: 'JSON decode error', type: 'json_invalid' }]);
  }
  const { limit, answers } = book.controls;
  if (limit.concurrent !== undefined && book.open >= limit.concurrent)
    return refusals[429] ?? { status: 429 };
  const { prompt, width, height, seed, output_format, webhook_url } = asked;
  const job = book.accept({
    model,
    asked,
    order: {
      prompt,
      width,
      height,
      count: 1,
      seed: seed ?? Math.floor(Math.random() * 2 ** 31),
      format: output_format,
    },
    webhook: webhook_url ?? null,
  });
  return {
    status: 200,
    taken: job,
    body: {
      id: job.id,
      ...(webhook_url === undefined || areAllRegional
        ? { polling_url: `${url}/us1/v1/get_result?id=${job.id}` }
        : {}),
      ...(webhook_url === undefined ? {} : { status: 'Pending', webhook_url }),
      ...(answers.withoutOptional
        ? {}
        : { cost: answers.oddTypes ? '3.5' : credits, input_mp: 0, output_mp: 1 }),
      ...(answers.extraFields ? { region: 'us1' } : {}),
    },
  };
}

async function result(
  { query }: Call,
  isRegional: boolean,
  areAllRegional: boolean,
  world: DoubleWorld,
): Promise<Reply> {
  const id = query.get('id') ?? '';
  const job = world.book.job(id);
  const missing: Reply = { status: 404, body: { id, status: 'Task not found', result: null } };
  if (job === undefined || isRegional !== (areAllRegional || job.webhook === null)) return missing;
  job.polls += 1;
  if (job.polls <= world.book.controls.answers.notFoundFirst) return missing;
  return { status: 200, body: await taskOf(job, world) };
}

const words = {
  queued: 'Pending',
  running: 'Generating',
  succeeded: 'Ready',
  failed: 'Error',
  moderated: 'Content Moderated',
  canceled: 'Error',
  aborted: 'Error',
} as const;

async function taskOf(job: DoubleJob, world: DoubleWorld): Promise<Record<string, unknown>> {
  const { answers, job: control } = world.book.controls;
  const status = world.book.statusOf(job);
  const isOpen = status === 'queued' || status === 'running';
  const sample = job.end === 'nothing' ? undefined : await world.output(job, 0);
  return {
    id: job.id,
    status: isOpen && control.word !== undefined ? control.word : words[status],
    result: status === 'succeeded' ? { sample, prompt: job.order.prompt, seed: job.order.seed } : null,
    progress: isOpen ? 0.5 : null,
    details: status === 'moderated' ? { 'Moderation Reasons': ['Derivative Works Filter'] } : null,
    ...(status === 'failed' ? { error: control.error ?? 'inference failed' } : {}),
    ...(answers.oddTypes ? { progress: '50', details: 17, preview: [] } : {}),
    ...(answers.extraFields ? { queue: { depth: 3 } } : {}),
  };
}
