import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob } from '../harness/vendor-book.js';

/** Of an app in the queue: `/fal-ai/flux/…`. */
const apps: Readonly<Record<string, string>> = {
  'fal-ai/flux/schnell': 'fal-ai/flux',
  'fal-ai/flux/dev': 'fal-ai/flux',
};

const presets: Readonly<Record<string, readonly [number, number]>> = {
  square_hd: [1024, 1024],
  square: [512, 512],
  portrait_4_3: [768, 1024],
  portrait_16_9: [576, 1024],
  landscape_4_3: [1024, 768],
  landscape_16_9: [1024, 576],
};

const fluxInput = z.looseObject({
  prompt: z.string(),
  image_size: z
    .union([
      z.enum(Object.keys(presets) as [string, ...string[]]),
      z.object({ width: z.number().int().min(1).max(14_142), height: z.number().int().min(1).max(14_142) }),
    ])
    .default('landscape_4_3'),
  num_images: z.number().int().min(1).max(4).default(1),
  seed: z.number().int().optional(),
  output_format: z.enum(['jpeg', 'png']).default('jpeg'),
});

const flat = (status: number, detail: string, error_type?: string): Reply => ({
  status,
  headers: error_type === undefined ? {} : { 'x-fal-error-type': error_type },
  body: { detail, ...(error_type === undefined ? {} : { error_type }) },
});
const modelError = (type: string, msg: string): object => ({
  detail: [{ loc: ['body', 'prompt'], msg, type, url: `https://docs.fal.ai/errors#${type}`, input: {} }],
});

const refusals: Readonly<Record<string, Reply>> = {
  401: flat(401, 'Authentication is required to access this application.'),
  403: flat(
    403,
    'User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.',
  ),
  '403 region': flat(403, 'Forbidden'),
  404: flat(404, 'Application not found'),
  422: { status: 422, body: modelError('missing', 'field required') },
  429: flat(429, 'Too many requests'),
};

/** What a failed request says of itself, by what the test wants. */
const failures: Readonly<Record<string, { status: number; type: string; msg: string }>> = {
  moderated: { status: 422, type: 'content_policy_violation', msg: 'The content could not be processed.' },
  failed: { status: 500, type: 'internal_server_error', msg: 'Internal server error' },
};

/** fal's queue, its history of requests below `/api` and its webhook keys below `/keys`: the vendor has three hosts. */
export function falProtocol(): VendorProtocol {
  const keys = generateKeyPairSync('ed25519');
  const old = generateKeyPairSync('ed25519');
  return {
    name: 'fal',
    words: { outOfCredit: { status: 403 } },
    isSubmit: ({ method, path }) => method === 'POST' && apps[path.slice(1)] !== undefined,
    isPoll: ({ method, path }) => method === 'GET' && path.endsWith('/status'),
    refuse: (status, reason) =>
      refusals[reason === undefined ? status : `${status} ${reason}`] ??
      flat(status, 'Something went wrong.'),
    isResult: ({ method, path }) => method === 'GET' && /\/requests\/[^/]+$/.test(path),
    handle: (call, world) => {
      if (call.path === '/keys/.well-known/jwks.json')
        return {
          status: 200,
          body: { keys: [old, keys].map(({ publicKey }) => publicKey.export({ format: 'jwk' })) },
        };
      if (!/^Key \S+$/.test(call.headers.authorization ?? '')) return refusals[401] ?? flat(401, '');
      return handle(call, world);
    },
    webhook: async (job, event, world, isForged) =>
      webhookOf(job, event, world, isForged ? generateKeyPairSync('ed25519').privateKey : keys.privateKey),
  };
}

async function handle(call: Call, world: DoubleWorld): Promise<Reply> {
  const { method, path } = call;
  if (path === '/api/v1/models/requests/by-endpoint') return history(call, world);
  if (method === 'POST') return create(call, world);
  const [, app, id = '', verb] = /^\/([^/]+\/[^/]+)\/requests\/([^/]+)(\/status|\/cancel)?$/.exec(path) ?? [];
  const job = world.book.job(id);
  if (job === undefined || apps[job.model] !== app)
    return verb === '/cancel'
      ? { status: 404, body: { status: 'NOT_FOUND' } }
      : flat(404, 'Request not found');
  if (verb === '/cancel' && method === 'PUT') return cancel(job, world);
  if (verb === '/status') {
    job.polls += 1;
    if (job.polls <= world.book.controls.answers.notFoundFirst) return flat(404, 'Request not found');
    return statusOf(job, world);
  }
  return resultOf(job, world);
}

function addresses(job: DoubleJob, world: DoubleWorld): Record<string, string> {
  const base = `${world.url}/${apps[job.model]}/requests/${job.id}`;
  return { response_url: base, status_url: `${base}/status`, cancel_url: `${base}/cancel` };
}

function create(call: Call, world: DoubleWorld): Reply {
  const { book } = world;
  const model = call.path.slice(1);
  let body: unknown;
  try {
    body = JSON.parse(call.body.toString());
  } catch {
    return flat(400, 'The body is not JSON', 'bad_request');
  }
  const input = fluxInput.safeParse(body);
  // What the model does not like is told when it has run: the queue takes everything.
  const asked = input.success ? input.data : fluxInput.parse({ prompt: '' });
  const [width, height] =
    typeof asked.image_size === 'string'
      ? (presets[asked.image_size] ?? [64, 64])
      : [asked.image_size.width, asked.image_size.height];
  const job = book.accept({
    id: randomUUID(),
    model,
    asked: { ...z.record(z.string(), z.unknown()).safeParse(body).data, invalid: !input.success },
    order: {
      prompt: asked.prompt,
      width,
      height,
      count: asked.num_images,
      seed: asked.seed ?? Math.floor(Math.random() * 2 ** 31),
      format: asked.output_format,
    },
    webhook: call.query.get('fal_webhook'),
  });
  const taken = {
    status: 'IN_QUEUE',
    request_id: job.id,
    queue_position: book.controls.answers.oddTypes ? '0' : book.open - 1,
    ...addresses(job, world),
    ...(job.webhook === null ? {} : { gateway_request_id: job.id }),
    ...(book.controls.answers.extraFields ? { region: 'eu' } : {}),
  };
  return { status: 200, body: taken, taken: job };
}

function statusOf(job: DoubleJob, world: DoubleWorld): Reply {
  const { book } = world;
  const { answers, job: control } = book.controls;
  const status = book.statusOf(job);
  const common = answers.withoutOptional ? {} : { request_id: job.id, ...addresses(job, world) };
  const extra = answers.extraFields ? { priority: 'normal' } : {};
  if (status === 'queued')
    return {
      status: 202,
      body: {
        status: control.word ?? 'IN_QUEUE',
        queue_position: answers.oddTypes ? '3' : 3,
        ...common,
        ...extra,
      },
    };
  const logs = [
    ...(answers.oddTypes ? [{ message: null }, 17] : []),
    { message: ' 50%|#####     | 2/4 [00:00<00:00,  4.05it/s]', level: 'INFO', source: 'USER' },
    ...(answers.logBytes > 0 ? [{ message: 'x'.repeat(answers.logBytes) }] : []),
  ];
  if (status === 'running')
    return { status: 202, body: { status: control.word ?? 'IN_PROGRESS', logs, ...common, ...extra } };
  const canceled = status === 'canceled' || status === 'aborted';
  return {
    status: 200,
    body: {
      status: 'COMPLETED',
      logs,
      metrics: { inference_time: (job.endsAt - job.acceptedAt) / 1_000 },
      ...common,
      ...extra,
      ...(canceled ? { error: 'Request was cancelled', error_type: 'client_cancelled' } : {}),
    },
  };
}

/** What the model said, with its own status: whether a request failed stands here alone. */
async function resultOf(job: DoubleJob, world: DoubleWorld): Promise<Reply> {
  const { book } = world;
  const status = book.statusOf(job);
  if (status === 'queued' || status === 'running') return flat(400, 'Request is still in progress');
  if (job.asked['invalid'] === true) return { status: 422, body: modelError('missing', 'field required') };
  if (status === 'failed' || status === 'moderated') {
    const failure = failureFor(status, world);
    return { status: failure.status, body: modelError(failure.type, failure.msg) };
  }
  const indexes = job.end === 'nothing' ? [] : Array.from({ length: job.order.count }, (_, index) => index);
  const isBlack = book.controls.job.error === 'black';
  const images = await Promise.all(
    indexes.map(async (index) => ({
      url: await world.output(job, index),
      content_type: `image/${job.order.format}`,
      ...(book.controls.answers.oddTypes ? { file_size: 'large' } : {}),
      width: job.order.width,
      height: job.order.height,
    })),
  );
  return {
    status: 200,
    body: {
      images,
      seed: job.order.seed,
      has_nsfw_concepts: book.controls.answers.oddTypes ? [null] : indexes.map(() => isBlack),
      prompt: job.order.prompt,
      timings: {},
    },
  };
}

function failureFor(status: 'failed' | 'moderated', world: DoubleWorld) {
  const { error } = world.book.controls.job;
  const failure = failures[status] ?? { status: 500, type: '', msg: '' };
  return error === undefined ? failure : { ...failure, type: error, msg: error };
}

function cancel(job: DoubleJob, world: DoubleWorld): Reply {
  const { book } = world;
  if (book.isEnded(job)) return { status: 400, body: { status: 'ALREADY_COMPLETED' } };
  if (book.controls.cancel === 'refused') return flat(500, 'Internal server error', 'internal_server_error');
  const isQueued = book.statusOf(job) === 'queued';
  if (book.cancel(job) && isQueued) return { status: 200, body: { status: 'OK' } };
  return { status: 202, body: { status: 'CANCELLATION_REQUESTED' } };
}

/** By their end, newest first: what has not ended is not in it. */
function history({ query }: Call, world: DoubleWorld): Reply {
  const { list } = world.book.controls;
  const now = Date.now();
  const [start, end] = ['start', 'end'].map((name) => Date.parse(query.get(name) ?? ''));
  const ended = world.book
    .all()
    .filter((job) => job.model === query.get('endpoint_id') && world.book.isEnded(job))
    .filter(
      ({ endsAt }) =>
        now - endsAt >= list.lagSeconds * 1_000 && !(endsAt < (start ?? 0)) && !(endsAt > (end ?? now)),
    )
    .toSorted((a, b) => b.endsAt - a.endsAt);
  const from = Number(Buffer.from(query.get('cursor') ?? '', 'base64').toString() || 0);
  const until = from + list.pageSize;
  const hasMore = until < ended.length;
  return {
    status: 200,
    body: {
      items: ended.slice(from, until).map((job) => ({
        request_id: job.id,
        endpoint_id: job.model,
        sent_at: new Date(job.acceptedAt).toISOString(),
        ended_at: new Date(job.endsAt).toISOString(),
        status_code: 200,
        ...(query.get('expand') === 'payloads' && !list.withoutInputs ? { json_input: job.asked } : {}),
      })),
      has_more: hasMore,
      next_cursor: hasMore ? Buffer.from(String(until)).toString('base64') : null,
    },
  };
}

async function webhookOf(job: DoubleJob, event: 'start' | 'completed', world: DoubleWorld, key: KeyObject) {
  const { webhook } = world.book.controls;
  const result = await resultOf(job, world);
  const isOpen = event === 'start' || !world.book.isEnded(job);
  const ending =
    result.status === 200
      ? { status: 'OK', payload: result.body }
      : { status: 'ERROR', error: `Invalid status code: ${result.status}`, payload: result.body };
  const id = webhook.wrongJob ? randomUUID() : job.id;
  const body = JSON.stringify({
    request_id: id,
    gateway_request_id: id,
    ...(isOpen ? { status: 'IN_PROGRESS', payload: null } : ending),
  });
  const timestamp = String(Math.floor((Date.now() - (webhook.oldTimestamp ? 3_600_000 : 0)) / 1_000));
  const signed = [id, 'user-1', timestamp, createHash('sha256').update(body).digest('hex')].join('\n');
  return {
    body,
    headers: {
      'x-fal-webhook-request-id': id,
      'x-fal-webhook-user-id': 'user-1',
      'x-fal-webhook-timestamp': timestamp,
      'x-fal-webhook-signature': sign(null, Buffer.from(signed), key).toString('hex'),
    },
  };
}
