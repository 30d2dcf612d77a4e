import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob } from '../harness/vendor-book.js';

const requestSchema = z.object({
  prompt: z.string().default(''),
  negative_prompt: z.string().default(''),
  steps: z.int().default(50),
  width: z.int().default(512),
  height: z.int().default(512),
  seed: z.int().default(-1),
  sampler_name: z.string().default('Euler'),
  cfg_scale: z.number().default(7),
  batch_size: z.int().default(1),
  n_iter: z.int().default(1),
  override_settings: z.object({ sd_model_checkpoint: z.string().optional() }).default({}),
  send_images: z.boolean().default(true),
  save_images: z.boolean().default(false),
  force_task_id: z.string().optional(),
});

const samplers = ['Euler', 'Euler a', 'DPM++ 2M'];

export interface A1111Options {
  /** `user:password`; absent: it lets everybody in. */
  readonly auth?: string;
  /** A grid of several pictures comes before them. */
  readonly returnsGrid?: boolean;
  /** Files of its folder, of which the first is loaded. */
  readonly checkpoints?: readonly string[];
}

/** As its handler of exceptions writes them, those of FastAPI too. */
const raised = (status: number, error: string, detail: string, errors: string): Reply => ({
  status,
  body: { error, detail, body: '', errors },
});
const refused = (status: number, detail: string): Reply =>
  raised(status, 'HTTPException', detail, `${status}: ${detail}`);
const invalid = (...detail: object[]): Reply => ({ status: 422, body: { detail } });

const refusals: Readonly<Record<string, Reply>> = {
  401: refused(401, 'Incorrect username or password'),
  404: refused(404, 'Sampler not found'),
  // Started without `--api`.
  '404 route': { status: 404, body: { detail: 'Not Found' } },
  422: invalid({ loc: ['body', 'steps'], msg: 'value is not a valid integer', type: 'type_error.integer' }),
  500: raised(500, 'RuntimeError', '', 'the sampler raised'),
  '500 memory': raised(500, 'OutOfMemoryError', '', 'CUDA out of memory. Tried to allocate 2.00 GiB'),
};

/** AUTOMATIC1111's API: synchronous, one run at a time, and of what it drew nothing is kept. */
export function a1111Protocol(options: A1111Options = {}): VendorProtocol {
  let last: Promise<void> = Promise.resolve();
  /** Runs wait for those before them, however many there are. */
  const inTurn = async (seconds: number): Promise<void> => {
    last = last.then(async () => delay(seconds * 1_000));
    await last;
  };
  return {
    name: 'a1111',
    // One's own, which draws whatever it is asked for. With a 500 it says that a run has raised.
    words: { busy: null, outOfCredit: null, rejected: null, harmless5xx: [500] },
    isSubmit: ({ method, path }) => method === 'POST' && path === '/sdapi/v1/txt2img',
    isPoll: () => false,
    refuse: (status, reason) =>
      refusals[reason === undefined ? status : `${status} ${reason}`] ?? {
        status,
        headers: { 'content-type': 'text/html' },
        body: `<h1>${status}</h1>`,
      },
    handle: async (call, world) => handle(call, world, options, inTurn),
  };
}

const of = (status: string): Reply => refusals[status] ?? { status: 500 };

async function handle(
  call: Call,
  world: DoubleWorld,
  options: A1111Options,
  inTurn: (seconds: number) => Promise<void>,
): Promise<Reply> {
  const { auth } = options;
  if (auth !== undefined && call.headers.authorization !== `Basic ${Buffer.from(auth).toString('base64')}`)
    return of('401');
  if (call.method !== 'POST' || call.path !== '/sdapi/v1/txt2img') return of('404 route');
  let asked: z.infer<typeof requestSchema>;
  try {
    asked = requestSchema.parse(JSON.parse(call.body.toString()));
  } catch (error) {
    const issues = error instanceof z.ZodError ? error.issues : [];
    return invalid(
      { loc: ['body'], msg: 'cannot be read', type: 'value_error' },
      ...issues.map(({ path, message, code }) => ({ loc: ['body', ...path], msg: message, type: code })),
    );
  }
  if (!samplers.includes(asked.sampler_name)) return of('404');
  const { prompt, width, height, batch_size, n_iter, seed } = asked;
  const job = world.book.accept({
    model: checkpointOf(asked.override_settings.sd_model_checkpoint, options),
    asked,
    order: {
      prompt,
      // In steps of eight, whatever was asked for.
      width: width - (width % 8),
      height: height - (height % 8),
      count: batch_size * n_iter,
      seed: seed === -1 ? Math.floor(Math.random() * 2 ** 31) : seed,
      format: 'png',
    },
    webhook: null,
  });
  const { seconds, error } = world.book.controls.job;
  await inTurn(seconds);
  if (job.end === 'failed' || job.end === 'moderated')
    return { ...of(error === 'memory' ? '500 memory' : '500'), taken: job };
  return { status: 200, taken: job, body: await resultOf(job, asked, world, options.returnsGrid === true) };
}

/** What it does not have it leaves out without a word, and draws with what is loaded. */
function checkpointOf(
  wanted: string | undefined,
  { checkpoints = ['v1-5-pruned-emaonly.safetensors', 'sd_xl_base_1.0.safetensors'] }: A1111Options,
): string {
  const [loaded = ''] = checkpoints;
  return (checkpoints.find((file) => file === wanted) ?? loaded).replace(/\.safetensors$/, '');
}

async function resultOf(
  job: DoubleJob,
  asked: z.infer<typeof requestSchema>,
  world: DoubleWorld,
  returnsGrid: boolean,
): Promise<object> {
  const { answers } = world.book.controls;
  const { count, seed, prompt, width, height } = job.order;
  const hasGrid = returnsGrid && count > 1;
  const indexes =
    job.end === 'nothing' || !asked.send_images ? [] : Array.from({ length: count }, (_, at) => at);
  const grid = { ...job, order: { ...job.order, width: width * count } };
  const pictures = await Promise.all([
    ...(hasGrid ? [world.picture(grid, 0)] : []),
    ...indexes.map(async (at) => world.picture(job, at)),
  ]);
  const seeds = Array.from({ length: count }, (_, at) => seed + at);
  const info = {
    prompt,
    all_prompts: seeds.map(() => prompt),
    seed,
    all_seeds: answers.oddTypes ? seeds.map(String) : seeds,
    width,
    height,
    infotexts: seeds.map((one) => `${prompt}\nSteps: ${asked.steps}, Seed: ${one}, Size: ${width}x${height}`),
    ...(answers.withoutOptional
      ? {}
      : {
          sd_model_name: answers.oddTypes ? null : job.model,
          index_of_first_image: answers.oddTypes ? String(Number(hasGrid)) : Number(hasGrid),
        }),
    ...(answers.extraFields ? { clip_skip: 1, styles: [] } : {}),
  };
  return {
    images: pictures.map((bytes) => bytes.toString('base64')),
    parameters: answers.oddTypes ? null : asked,
    info: JSON.stringify(info),
    ...(answers.extraFields ? { version: 'v1.10.1' } : {}),
  };
}
