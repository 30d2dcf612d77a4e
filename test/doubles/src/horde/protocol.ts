import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob, VendorBook } from '../harness/vendor-book.js';

const side = z.number().int().min(64).max(3_072).multipleOf(64);

const requestSchema = z.object({
  prompt: z.string().min(1),
  params: z
    .object({
      n: z.number().int().min(1).max(20).default(1),
      width: side.default(512),
      height: side.default(512),
      steps: z.number().int().min(1).max(500).default(30),
      cfg_scale: z.number().min(0).max(100).default(7.5),
      sampler_name: z.enum(['k_euler', 'k_euler_a', 'k_dpmpp_2m', 'lcm']).default('k_euler_a'),
      karras: z.boolean().default(false),
      // A number is refused.
      seed: z.string().optional(),
      seed_variation: z.number().int().min(1).max(1_000).optional(),
    })
    .prefault({}),
  models: z.array(z.string()).default(['stable_diffusion']),
  nsfw: z.boolean().default(true),
  censor_nsfw: z.boolean().default(true),
  r2: z.boolean().default(true),
  webhook: z.string().min(10).max(1_024).optional(),
});
type Asked = z.infer<typeof requestSchema>;

/** What is not known of the vendor for certain, or is one way at one time and another at another. */
export interface HordeOptions {
  /** Whether there is a worker who could draw it. */
  readonly isPossible?: boolean;
  /** By which of its three ways it says that a picture was censored, and why. */
  readonly censors?: { readonly by: 'metadata' | 'flag' | 'state'; readonly why?: 'nsfw' | 'csam' };
  /** Whether what was drawn counts as faulted too, because of workers who failed at it before. */
  readonly isFaultedToo?: boolean;
}

const error = (status: number, rc: string, message = `It said ${rc}.`): Reply => ({
  status,
  body: { message, rc },
});

const codes: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'InvalidAPIKey',
  403: 'KudosUpfront',
  404: 'RequestNotFound',
  423: 'Locked',
};

/** How its rate limit says so; with the code, it is too many requests at once. */
const limited: Reply = { status: 429, headers: { 'retry-after': '1' }, body: { message: '2 per 1 second' } };
const validation: Reply = {
  status: 400,
  body: {
    errors: { 'params.width': '1000 is not a multiple of 64' },
    message: 'Input payload validation failed',
  },
};

function refuse(status: number, reason: string | undefined): Reply {
  if (reason === 'validation') return validation;
  if (reason === 'TimeoutIP')
    return error(status, reason, 'Your IP address has been put into timeout for 120 more seconds.');
  if (reason !== undefined) return error(status, reason);
  // A test says what it asks to wait.
  if (status === 429) return { ...limited, headers: {} };
  if (status === 500) return { status, body: { message: 'Internal Server Error' } };
  const code = codes[status];
  return code === undefined
    ? { status, headers: { 'content-type': 'text/html' }, body: `<h1>${status}</h1>` }
    : error(status, code);
}

const mostLooksPerMinute = 10;

/** The AI Horde's API. What `status` tells may be asked for ten times a minute. */
export function hordeProtocol(options: HordeOptions = {}): VendorProtocol {
  const looks = new Map<string, number[]>();
  return {
    name: 'horde',
    isSubmit: ({ method, path }) => method === 'POST' && path === '/api/v2/generate/async',
    isPoll: ({ method, path }) => method === 'GET' && path.startsWith('/api/v2/generate/check/'),
    isResult: ({ method, path }) => method === 'GET' && path.startsWith('/api/v2/generate/status/'),
    words: {
      outOfCredit: { status: 403 },
      hasStatusWords: false,
      signsWebhooks: false,
    },
    refuse,
    handle: (call, world) => handle(call, world, options, looks),
    async webhook(job, _event, world) {
      const [picture] = await generationsOf(job, world, options);
      if (picture === undefined) return undefined;
      const request = world.book.controls.webhook.wrongJob ? 'another-request' : job.id;
      return { headers: {}, body: JSON.stringify({ ...picture, request, kudos: 12 }) };
    },
  };
}

async function handle(
  call: Call,
  world: DoubleWorld,
  options: HordeOptions,
  looks: Map<string, number[]>,
): Promise<Reply> {
  const { method, path, headers } = call;
  if (path === '/api/v2/generate/async' && method === 'POST') {
    // Where none is said it is not the anonymous one.
    if (!headers['apikey'])
      return { status: 400, body: { message: { apikey: 'Missing required parameter in the HTTP headers' } } };
    return submit(call, world, options);
  }
  const [, what = '', id = ''] = /^\/api\/v2\/generate\/(check|status)\/([^/]+)$/.exec(path) ?? [];
  const job = world.book.job(decodeURIComponent(id));
  if (job === undefined) return error(404, what === '' ? 'NotFound' : 'RequestNotFound');
  if (method === 'DELETE' && what === 'status') return drop(job, world, options);
  if (method !== 'GET') return { status: 405, body: { message: 'The method is not allowed.' } };
  if (what === 'check') {
    job.polls += 1;
    if (job.polls <= world.book.controls.answers.notFoundFirst) return error(404, 'RequestNotFound');
    return { status: 200, body: standing(job, world.book, options) };
  }
  const since = Date.now() - 60_000;
  const recent = [...(looks.get(id) ?? []).filter((at) => at > since), Date.now()];
  looks.set(id, recent);
  if (recent.length > mostLooksPerMinute)
    return { ...limited, body: { message: `${mostLooksPerMinute} per 1 minute` } };
  return { status: 200, body: await whole(job, world, options) };
}

function submit({ body }: Call, { book }: DoubleWorld, options: HordeOptions): Reply {
  let asked: Asked;
  try {
    const parsed = requestSchema.safeParse(JSON.parse(body.toString()));
    if (!parsed.success) {
      const errors = parsed.error.issues.map(({ path, message }) => [path.join('.'), message]);
      return { ...validation, body: { ...Object(validation.body), errors: Object.fromEntries(errors) } };
    }
    asked = parsed.data;
  } catch {
    return { status: 400, body: { message: 'Failed to decode JSON object' } };
  }
  const { prompt, params, models, webhook } = asked;
  // Only who is on the same machine is called without TLS, which the vendor itself never does.
  if (webhook !== undefined && !/^(https:|http:\/\/127\.0\.0\.1[:/])/.test(webhook))
    return error(400, 'BadRequest', 'webhooks need to point to an https endpoint.');
  const { limit, answers } = book.controls;
  if (limit.concurrent !== undefined && book.open >= limit.concurrent) return error(429, 'TooManyPrompts');
  const job = book.accept({
    model: models.join(' or '),
    asked,
    order: {
      prompt,
      width: params.width,
      height: params.height,
      count: params.n,
      seed: Number(params.seed ?? Math.floor(Math.random() * 2 ** 31)),
      format: 'webp',
    },
    webhook: webhook ?? null,
  });
  return {
    status: 202,
    taken: job,
    body: {
      id: job.id,
      ...(answers.withoutOptional ? {} : { kudos: answers.oddTypes ? '12' : 12 }),
      ...(options.isPossible === false
        ? {
            message: 'Warning: No available workers can fulfill this request.',
            warnings: [{ code: 'NoAvailableWorker' }],
          }
        : {}),
      ...(answers.extraFields ? { node: 'horde-3' } : {}),
    },
  };
}

/** Tells how it stood; what a worker has picked up by then is drawn to its end. */
async function drop(job: DoubleJob, world: DoubleWorld, options: HordeOptions): Promise<Reply> {
  const { book } = world;
  if (book.controls.cancel === 'refused') return refuse(500, undefined);
  const before = await whole(job, world, options);
  if (isWaiting(job, book, options)) book.cancel(job);
  return { status: 200, body: before };
}

const isWaiting = (job: DoubleJob, book: VendorBook, { isPossible }: HordeOptions): boolean =>
  book.statusOf(job) === 'queued' || (isPossible === false && book.statusOf(job) === 'running');

/** Counts of pictures, and what the horde expects. */
function standing(job: DoubleJob, book: VendorBook, options: HordeOptions): Record<string, unknown> {
  const status = book.statusOf(job);
  const { answers } = book.controls;
  const isOpen = status === 'queued' || status === 'running';
  const waits = isWaiting(job, book, options);
  const drawn = status === 'succeeded' || status === 'moderated' ? job.order.count : 0;
  const { count } = job.order;
  return {
    done: !isOpen,
    ...(answers.withoutOptional
      ? {}
      : {
          finished: drawn,
          processing: isOpen && !waits ? count : 0,
          waiting: waits ? count : 0,
          restarted: status === 'failed' ? 3 : 0,
          wait_time: isOpen ? 23 : 0,
          queue_position: waits ? 4 : 0,
          kudos: drawn * 12,
          is_possible: options.isPossible ?? true,
        }),
    ...(answers.withoutOptional && status !== 'failed'
      ? {}
      : { faulted: status === 'failed' || (drawn > 0 && options.isFaultedToo === true) }),
    ...(answers.oddTypes
      ? { finished: String(drawn), processing: null, queue_position: 'soon', is_possible: 'yes' }
      : {}),
    ...(answers.extraFields ? { shared: false, worker_pool: { region: 'eu' } } : {}),
  };
}

/** The same, with the pictures. */
const whole = async (
  job: DoubleJob,
  world: DoubleWorld,
  options: HordeOptions,
): Promise<Record<string, unknown>> => ({
  ...standing(job, world.book, options),
  generations: await generationsOf(job, world, options),
});

async function generationsOf(
  job: DoubleJob,
  world: DoubleWorld,
  { censors = { by: 'metadata' } }: HordeOptions,
): Promise<Record<string, unknown>[]> {
  const { answers, job: control } = world.book.controls;
  const status = world.book.statusOf(job);
  if (status !== 'succeeded' && status !== 'moderated') return [];
  const isCensored = status === 'moderated';
  const { by, why = 'nsfw' } = censors;
  const word = why === 'csam' ? 'csam' : 'censored';
  const more = {
    state: isCensored && by === 'state' ? word : (control.word ?? 'ok'),
    seed: String(job.order.seed),
    worker_name: 'a volunteer',
    model: job.model,
    censored: isCensored && by !== 'state',
    gen_metadata: isCensored && by === 'metadata' ? [{ type: 'censorship', value: why }] : [],
  };
  return Promise.all(
    Array.from({ length: job.order.count }, async (_, index) => ({
      // What it cannot find any more has words in its place.
      img: job.end === 'nothing' ? 'N/A' : await world.output(job, index),
      id: `${job.id}-${index}`,
      ...(answers.withoutOptional ? {} : more),
      ...(answers.oddTypes ? { seed: 7, gen_metadata: 'none', worker_name: null } : {}),
    })),
  );
}
