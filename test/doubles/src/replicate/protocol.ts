import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob } from '../harness/vendor-book.js';
import { megapixelSizes } from '../harness/megapixel-sizes.js';

const fluxInput = z.looseObject({
  prompt: z.string(),
  aspect_ratio: z.enum(Object.keys(megapixelSizes) as [string, ...string[]]).default('1:1'),
  megapixels: z.enum(['1', '0.25']).default('1'),
  num_outputs: z.number().int().min(1).max(4).default(1),
  seed: z.number().int().optional(),
  output_format: z.enum(['webp', 'jpg', 'png']).default('webp'),
});

const createSchema = z.object({
  version: z.string().optional(),
  input: z.record(z.string(), z.unknown()),
  webhook: z.string().optional(),
  webhook_events_filter: z.array(z.enum(['start', 'output', 'logs', 'completed'])).optional(),
});

const models = ['black-forest-labs/flux-schnell', 'black-forest-labs/flux-dev'];

const problem = (status: number, title: string, detail: string): Reply => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { title, detail, status },
});
const notFound = problem(404, 'Not found', 'The requested resource could not be found.');

/** The words of its refusals, as they were seen in public. */
const refusals: Readonly<Record<string, Reply>> = {
  401: problem(401, 'Unauthenticated', 'You did not pass a valid authentication token'),
  402: problem(
    402,
    'Insufficient credit',
    'You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to purchase credit.',
  ),
  422: problem(422, 'Input validation failed', '- input.prompt: prompt is required\n'),
  429: { status: 429, body: { detail: 'Request was throttled.' } },
  '429 text': {
    status: 429,
    body: { detail: 'Request was throttled. Your rate limit resets in ~30s.' },
  },
};

export interface ReplicateOptions {
  /** `whsec_…`, what `GET /webhooks/default/secret` tells. */
  readonly webhookSecret: string;
}

/** Replicate's HTTP API with its official FLUX models. */
export function replicateProtocol({ webhookSecret }: ReplicateOptions): VendorProtocol {
  return {
    name: 'replicate',
    words: { busy: { status: 429, reason: 'text', seconds: 30 } },
    isSubmit: ({ method, path }) => method === 'POST' && path.endsWith('/predictions'),
    isPoll: ({ method, path }) => method === 'GET' && /\/predictions\/[^/]+$/.test(path),
    refuse: (status, reason) =>
      refusals[reason === undefined ? status : `${status} ${reason}`] ??
      problem(status, `Status ${status}`, 'Something went wrong.'),
    handle: (call, world) => handle(call, world, webhookSecret),
    async webhook(job, event, world, isForged) {
      const { webhook } = world.book.controls;
      const prediction = await predictionOf(job, world, event === 'start' ? 'processing' : undefined);
      const body = JSON.stringify(
        webhook.wrongJob ? { ...prediction, id: 'another0prediction0id' } : prediction,
      );
      const at = new Date(Date.now() - (webhook.oldTimestamp ? 3_600_000 : 0));
      // The same on every delivery of one event.
      const id = `msg_${job.id}_${event}`;
      const secret = isForged ? `whsec_${randomBytes(24).toString('base64')}` : webhookSecret;
      return {
        body,
        headers: {
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(id, at, body),
        },
      };
    },
  };
}

async function handle(call: Call, world: DoubleWorld, webhookSecret: string): Promise<Reply> {
  const path = call.path.replace(/^\/v1/, '');
  if (!/^(Bearer|Token) \S+$/.test(call.headers.authorization ?? '')) return refusals[401] ?? notFound;
  if (path === '/webhooks/default/secret') return { status: 200, body: { key: webhookSecret } };
  const [, one, verb] = /^\/predictions\/([^/]+)(\/cancel)?$/.exec(path) ?? [];
  if (one !== undefined) {
    const job = world.book.job(one);
    if (job === undefined) return notFound;
    if (verb !== undefined && call.method === 'POST') return cancel(job, world);
    job.polls += 1;
    if (job.polls <= world.book.controls.answers.notFoundFirst) return notFound;
    return { status: 200, body: await predictionOf(job, world) };
  }
  if (path === '/predictions' && call.method === 'GET') return list(call, world);
  if (call.method === 'POST' && path.endsWith('/predictions')) return create(call, path, world);
  return notFound;
}

async function create(call: Call, path: string, world: DoubleWorld): Promise<Reply> {
  const { book } = world;
  const official = /^\/models\/([^/]+\/[^/]+)\/predictions$/.exec(path)?.[1];
  let asked: z.infer<typeof createSchema>;
  try {
    asked = createSchema.parse(JSON.parse(call.body.toString()));
  } catch {
    return problem(422, 'Input validation failed', '- input: input is required\n');
  }
  const model = official ?? models.find((known) => asked.version?.startsWith(known));
  if (model === undefined || !models.includes(model))
    return official === undefined
      ? problem(422, 'Invalid version or not permitted', 'No such version')
      : notFound;
  const input = fluxInput.safeParse(asked.input);
  if (!input.success)
    return problem(
      422,
      'Input validation failed',
      input.error.issues.map(({ path: at, message }) => `- input.${at.join('.')}: ${message}\n`).join(''),
    );
  const { limit } = book.controls;
  if (limit.concurrent !== undefined && book.open >= limit.concurrent) return refusals[429] ?? notFound;
  const { prompt, aspect_ratio, num_outputs, seed, output_format } = input.data;
  const [width = 0, height = 0] = megapixelSizes[aspect_ratio] ?? [];
  const deadlineMs = durationMs(String(call.headers['cancel-after'] ?? ''));
  const job = book.accept({
    id: randomBytes(16).toString('hex'),
    model,
    // What the model does not know is dropped without a word.
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
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  return { status: 201, body: await predictionOf(job, world), taken: job };
}

async function cancel(job: DoubleJob, world: DoubleWorld): Promise<Reply> {
  if (world.book.controls.cancel === 'refused') return problem(500, 'Internal', 'It could not be canceled.');
  world.book.cancel(job);
  return { status: 200, body: await predictionOf(job, world) };
}

async function list({ query }: Call, world: DoubleWorld): Promise<Reply> {
  const { list: wanted } = world.book.controls;
  const [after, before] = ['created_after', 'created_before'].map((name) =>
    Date.parse(query.get(name) ?? ''),
  );
  const now = Date.now();
  const listed = world.book
    .all()
    .filter(({ acceptedAt }) => !(acceptedAt < (after ?? 0)) && !(acceptedAt > (before ?? now)))
    .filter(({ acceptedAt }) => now - acceptedAt >= wanted.lagSeconds * 1_000)
    .filter((job) => !wanted.hidesRunning || world.book.isEnded(job));
  const from = Number(query.get('cursor') ?? 0);
  const end = from + wanted.pageSize;
  const nextQuery = new URLSearchParams(query);
  nextQuery.set('cursor', String(end));
  return {
    status: 200,
    body: {
      previous: null,
      next: end < listed.length ? `${world.url}/v1/predictions?${nextQuery.toString()}` : null,
      results: await Promise.all(listed.slice(from, end).map((job) => predictionOf(job, world))),
    },
  };
}

const words = {
  queued: 'starting',
  running: 'processing',
  succeeded: 'succeeded',
  failed: 'failed',
  moderated: 'failed',
  canceled: 'canceled',
  aborted: 'aborted',
} as const;

async function predictionOf(
  job: DoubleJob,
  world: DoubleWorld,
  as?: string,
): Promise<Record<string, unknown>> {
  const { answers, job: control, list: listing } = world.book.controls;
  const status = world.book.statusOf(job);
  const isOpen = status === 'queued' || status === 'running';
  const isEmptied = listing.withoutInputs;
  const indexes = job.end === 'nothing' ? [] : Array.from({ length: job.order.count }, (_, index) => index);
  const output =
    status === 'succeeded' && !isEmptied
      ? await Promise.all(indexes.map((index) => world.output(job, index)))
      : null;
  const error =
    status === 'moderated'
      ? 'NSFW content detected. Try running it again, or try a different prompt. (E005)'
      : (control.error ?? 'CUDA out of memory (E1001)');
  const urls = {
    get: `${world.url}/v1/predictions/${job.id}`,
    cancel: `${world.url}/v1/predictions/${job.id}/cancel`,
    web: `https://replicate.com/p/${job.id}`,
  };
  return {
    id: job.id,
    model: job.model,
    version: 'hidden',
    input: isEmptied ? null : job.asked,
    logs: progressOf(job) + 'x'.repeat(answers.logBytes),
    ...(answers.withoutOptional && isOpen
      ? {}
      : { output, error: status === 'failed' || status === 'moderated' ? error : null }),
    status: as ?? (isOpen && control.word !== undefined ? control.word : words[status]),
    created_at: new Date(job.acceptedAt).toISOString(),
    ...(answers.withoutOptional
      ? {}
      : {
          data_removed: isEmptied,
          source: 'api',
          started_at: status === 'queued' ? null : new Date(job.acceptedAt).toISOString(),
          completed_at: isOpen ? null : new Date(Math.min(job.endsAt, Date.now())).toISOString(),
          metrics: isOpen ? {} : { predict_time: (job.endsAt - job.acceptedAt) / 1_000 },
          webhook: job.webhook,
          webhook_events_filter: ['completed'],
          urls,
        }),
    ...(answers.oddTypes
      ? { model: null, logs: 17, data_removed: 'no', created_at: null, metrics: 'none' }
      : {}),
    ...(answers.extraFields ? { billing: { tier: 'new' }, region: 'eu' } : {}),
  };
}

/** A bar as the models log it. */
function progressOf({ acceptedAt, endsAt }: DoubleJob): string {
  const part = Number.isFinite(endsAt) ? (Date.now() - acceptedAt) / Math.max(1, endsAt - acceptedAt) : 0.5;
  const percent = Math.round(Math.min(1, part) * 100);
  return `Using seed: 7\n${String(percent).padStart(3)}%|#####     | 2/4 [00:00<00:00,  4.05it/s]\n`;
}

/** `90s`, `2m`, `1h30m`. */
function durationMs(text: string): number | undefined {
  const [whole, hours, minutes, seconds] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text) ?? [];
  if (!whole) return undefined;
  return ((Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0)) * 1_000;
}
