import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob } from '../harness/vendor-book.js';

/** What the predictor takes; what it does not know is dropped without a word. */
const inputSchema = z.object({
  prompt: z.string(),
  width: z.number().int().min(64).max(2_048).default(512),
  height: z.number().int().min(64).max(2_048).default(512),
  num_outputs: z.number().int().min(1).max(4).default(1),
  seed: z.number().int().optional(),
  output_format: z.enum(['png', 'jpg', 'webp']).default('png'),
});

const requestSchema = z.object({
  id: z.string().optional(),
  input: z.record(z.string(), z.unknown()).default({}),
  webhook: z.string().optional(),
  webhook_events_filter: z.array(z.enum(['start', 'output', 'logs', 'completed'])).optional(),
});

const failed = (status: number, error: string): Reply => ({ status, body: { error, status: 'failed' } });
const wrong = (loc: readonly PropertyKey[], msg: string, type: string): Reply => ({
  status: 422,
  body: { detail: [{ loc: ['body', ...loc], msg, type }] },
});

const refusals: Readonly<Record<number, Reply>> = {
  400: { status: 400, headers: { 'content-type': 'text/plain' }, body: 'Failed to parse the request body' },
  409: failed(409, 'At capacity - all prediction slots busy'),
  422: wrong(['input', 'prompt'], 'Field required', 'value_error.missing'),
  503: failed(
    503,
    'Setup has not finished yet. Wait until it has finished, or GET /health-check for status.',
  ),
};

export interface CogOptions {
  /** As of `WEBHOOK_AUTH_TOKEN`. */
  readonly webhookToken: string;
}

/** cog's prediction server with a predictor that draws. An id is free again as soon as its run has ended. */
export function cogProtocol({ webhookToken }: CogOptions): VendorProtocol {
  return {
    name: 'cog',
    words: { busy: null, outOfCredit: null, badKey: null, harmless5xx: [503] },
    isSubmit: ({ method, path }) => method === 'PUT' && /^\/predictions\/[^/]+$/.test(path),
    isPoll: () => false,
    refuse: (status) =>
      refusals[status] ?? { status, headers: { 'content-type': 'text/html' }, body: `<h1>${status}</h1>` },
    handle,
    async webhook(job, event, world, isForged) {
      const { webhook } = world.book.controls;
      const { input: _, ...told } = await predictionOf(job, world, event === 'start');
      return {
        headers: { authorization: `Bearer ${isForged ? 'a-guess-of-somebody' : webhookToken}` },
        body: JSON.stringify(webhook.wrongJob ? { ...told, id: 'another-run' } : told),
      };
    },
  };
}

async function handle(call: Call, world: DoubleWorld): Promise<Reply> {
  const { method, path } = call;
  if (path === '/health-check')
    return {
      status: 200,
      body: { status: isFull(world) ? 'BUSY' : 'READY', setup: { status: 'succeeded' } },
    };
  const [, id, verb] = /^\/predictions\/([^/]+)(\/cancel)?$/.exec(path) ?? [];
  if (id === undefined) return { status: 404 };
  if (verb !== undefined) return method === 'POST' ? cancel(id, world) : { status: 405 };
  return method === 'PUT' ? put(call, id, world) : { status: 405, headers: { allow: 'PUT' } };
}

async function put(call: Call, id: string, world: DoubleWorld): Promise<Reply> {
  const { book } = world;
  const running = book.job(id);
  if (running !== undefined && !book.isEnded(running))
    return { status: 202, body: await predictionOf(running, world) };
  const asked = parsed(call);
  if (asked === undefined) return refusals[400] ?? failed(400, '');
  if (asked.id !== undefined && asked.id !== id)
    return wrong(['id'], 'prediction ID must match the ID supplied in the URL', 'value_error');
  const input = inputSchema.safeParse(asked.input);
  if (!input.success) {
    const [issue] = input.error.issues;
    return wrong(['input', ...(issue?.path ?? [])], issue?.message ?? '', 'value_error');
  }
  if (isFull(world)) return refusals[409] ?? failed(409, '');
  const { prompt, width, height, num_outputs, seed, output_format } = input.data;
  const job = book.accept({
    id,
    model: 'text-to-image',
    asked: input.data,
    order: {
      prompt,
      width,
      height,
      count: num_outputs,
      seed: seed ?? Math.floor(Math.random() * 2 ** 31),
      format: output_format === 'jpg' ? 'jpeg' : output_format,
    },
    webhook: asked.webhook ?? null,
  });
  return { status: 202, body: { id, status: 'starting', ...odds(world) }, taken: job };
}

function parsed({ body }: Call): z.infer<typeof requestSchema> | undefined {
  try {
    return requestSchema.parse(JSON.parse(body.toString()));
  } catch {
    return undefined;
  }
}

const isFull = ({ book }: DoubleWorld): boolean =>
  book.controls.limit.concurrent !== undefined && book.open >= book.controls.limit.concurrent;

/** `{}` for as long as it runs, and then there is no such run. */
function cancel(id: string, { book }: DoubleWorld): Reply {
  const job = book.job(id);
  if (job === undefined || book.isEnded(job)) return { status: 404, body: {} };
  if (book.controls.cancel === 'refused') return { status: 500, body: 'Internal Server Error' };
  book.cancel(job);
  return { status: 200, body: {} };
}

const words = {
  queued: 'starting',
  running: 'processing',
  succeeded: 'succeeded',
  failed: 'failed',
  moderated: 'failed',
  canceled: 'canceled',
  aborted: 'canceled',
} as const;

async function predictionOf(
  job: DoubleJob,
  world: DoubleWorld,
  isStart = false,
): Promise<Record<string, unknown>> {
  const { answers, job: control } = world.book.controls;
  const status = isStart ? 'running' : world.book.statusOf(job);
  const isOpen = status === 'queued' || status === 'running';
  const indexes = job.end === 'nothing' ? [] : Array.from({ length: job.order.count }, (_, index) => index);
  const error =
    status === 'moderated'
      ? 'Prediction failed: Exception: NSFW content detected. Try running it again, or try a different prompt.'
      : `Prediction failed: RuntimeError: ${control.error ?? 'the model raised'}`;
  return {
    id: job.id,
    input: job.asked,
    logs: ` 50%|#####     | 2/4\n${'x'.repeat(answers.logBytes)}`,
    metrics: isOpen ? {} : { predict_time: (job.endsAt - job.acceptedAt) / 1_000 },
    status: isOpen && control.word !== undefined ? control.word : words[status],
    ...(status === 'succeeded'
      ? { output: await Promise.all(indexes.map((index) => dataUrl(job, index, world))) }
      : {}),
    ...(status === 'failed' || status === 'moderated' ? { error } : {}),
    ...odds(world),
  };
}

const odds = ({ book }: DoubleWorld): Record<string, unknown> => ({
  ...(book.controls.answers.oddTypes ? { logs: 17, metrics: null, started_at: 0 } : {}),
  ...(book.controls.answers.extraFields ? { version: 'new', slots: { used: 1 } } : {}),
});

async function dataUrl(job: DoubleJob, index: number, world: DoubleWorld): Promise<string> {
  const picture = await world.picture(job, index);
  return `data:image/${job.order.format};base64,${picture.toString('base64')}`;
}
