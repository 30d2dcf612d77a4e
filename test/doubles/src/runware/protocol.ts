import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob, VendorBook } from '../harness/vendor-book.js';

const side = z.number().int().min(128).max(2_048).multipleOf(64);

const imageSchema = z.object({
  taskType: z.literal('imageInference'),
  taskUUID: z.uuidv4(),
  model: z.enum(['runware:100@1', 'runware:101@1']),
  positivePrompt: z.string().min(2).max(3_000),
  width: side,
  height: side,
  seed: z.number().int().min(0).optional(),
  numberResults: z.number().int().min(1).max(20).default(1),
  outputType: z.literal('URL').default('URL'),
  outputFormat: z.enum(['JPG', 'PNG', 'WEBP']).default('JPG'),
  deliveryMethod: z.enum(['sync', 'async']).default('sync'),
  includeCost: z.boolean().default(false),
  webhookURL: z.url().optional(),
});

const taskSchema = z.looseObject({ taskType: z.string(), taskUUID: z.string() });
type Task = z.infer<typeof taskSchema>;

const formats = { JPG: 'jpeg', PNG: 'png', WEBP: 'webp' } as const;

/** Dollars a picture. */
const costs: Readonly<Record<string, number>> = { 'runware:100@1': 0.0013, 'runware:101@1': 0.0038 };

const codes: Readonly<Record<number, string>> = {
  400: 'invalidPositivePrompt',
  401: 'invalidApiKey',
  402: 'insufficientCredits',
  403: 'insufficientPermissions',
  404: 'modelNotFound',
  429: 'rateLimitExceeded',
  500: 'internalServerError',
  503: 'serviceUnavailable',
  504: 'timeoutProvider',
};

/** What is not known of the vendor for certain. */
export interface RunwareOptions {
  /** With which status it says that a task's id was used. */
  readonly conflictStatus?: number;
  /** What it says of a task that it does not know: nothing, or that it failed or is not there. */
  readonly unknown?: 'nothing' | 'code';
  /** Where it tells of a task that has failed: among the tasks, or among the errors beside them. */
  readonly failures?: 'data' | 'errors';
  /** Whether a task that has ended is known to the archive alone. */
  readonly forgetsEnded?: boolean;
}

const errors = (status: number, code: string, more: object = {}): Reply => ({
  status,
  body: { data: [], errors: [{ code, message: `It said ${code}.`, ...more }] },
});

/** Runware's API over HTTP: an array of tasks, of whatever type, at one address; of several here only questions of how tasks stand. */
export function runwareProtocol(options: RunwareOptions = {}): VendorProtocol {
  /** Used, whatever came of it. */
  const used = new Set<string>();
  const isOf = (call: Call, taskType: string): boolean =>
    tasksOf(call)?.every((task) => task.taskType === taskType) === true;
  return {
    name: 'runware',
    words: { signsWebhooks: false },
    isSubmit: (call) => isOf(call, 'imageInference'),
    isPoll: (call) => isOf(call, 'getResponse'),
    isResult: (call) => isOf(call, 'getTaskDetails'),
    refuse: (status, reason) =>
      status === 502
        ? { status, headers: { 'content-type': 'text/html' }, body: '<h1>502</h1>' }
        : errors(status, reason ?? codes[status] ?? 'unknownError'),
    handle: (call, world) => handle(call, world, options, used),
    async webhook(job, event, world) {
      const told =
        event === 'start'
          ? { data: [{ ...named(job), status: 'processing' }] }
          : await answerOf(job, world, options);
      const body = JSON.stringify(told);
      return {
        headers: {},
        body: world.book.controls.webhook.wrongJob ? body.replaceAll(job.id, randomUUID()) : body,
      };
    },
  };
}

/** The tasks of a call, undefined where it has none. */
function tasksOf({ method, path, body }: Call): readonly [Task, ...Task[]] | undefined {
  if (method !== 'POST' || path !== '/v1') return undefined;
  try {
    return z.tuple([taskSchema], taskSchema).parse(JSON.parse(body.toString()));
  } catch {
    return undefined;
  }
}

async function handle(
  call: Call,
  world: DoubleWorld,
  options: RunwareOptions,
  used: Set<string>,
): Promise<Reply> {
  if (!/^Bearer \S+$/.test(call.headers.authorization ?? ''))
    return errors(401, 'invalidApiKey', { taskType: 'authentication' });
  const [task, ...others] = tasksOf(call) ?? [];
  if (task === undefined) return errors(400, 'invalidRequest');
  if (others.length > 0) return responses([task, ...others], world, options);
  switch (task.taskType) {
    case 'imageInference':
      return submit(task, world, options, used);
    case 'getResponse':
      return response(task, world, options);
    case 'getTaskDetails':
      return details(task, world, options);
    default:
      return errors(400, 'unsupportedTaskType', { taskUUID: task.taskUUID });
  }
}

async function submit(
  task: Task,
  world: DoubleWorld,
  options: RunwareOptions,
  used: Set<string>,
): Promise<Reply> {
  const { book } = world;
  const parsed = imageSchema.safeParse(task);
  const { taskType, taskUUID } = task;
  if (!parsed.success) {
    const parameter = String(parsed.error.issues[0]?.path[0] ?? '');
    const code = `invalid${parameter.slice(0, 1).toUpperCase()}${parameter.slice(1)}`;
    return errors(400, code, { parameter, taskType, taskUUID });
  }
  if (used.has(taskUUID))
    return errors(options.conflictStatus ?? 400, 'conflictTaskUUID', { taskType, taskUUID });
  const { limit } = book.controls;
  if (limit.concurrent !== undefined && book.open >= limit.concurrent)
    return errors(429, 'rateLimitExceeded', { taskType, taskUUID });
  used.add(taskUUID);
  const asked = parsed.data;
  const job = book.accept({
    id: taskUUID,
    model: asked.model,
    asked: task,
    order: {
      prompt: asked.positivePrompt,
      width: asked.width,
      height: asked.height,
      count: asked.numberResults,
      seed: asked.seed ?? Math.floor(Math.random() * 2 ** 31),
      format: formats[asked.outputFormat],
    },
    webhook: asked.webhookURL ?? null,
  });
  if (asked.deliveryMethod === 'async') return { status: 200, taken: job, body: { data: [named(job)] } };
  while (!book.isEnded(job)) await delay(10);
  return { status: 200, taken: job, body: await answerOf(job, world, options) };
}

const named = (job: DoubleJob): object => ({ taskType: 'imageInference', taskUUID: job.id });

const unknown = ({ taskType, taskUUID }: Task, options: RunwareOptions): Reply =>
  options.unknown === 'code'
    ? errors(404, 'taskFailedOrNotFound', { taskType, taskUUID })
    : { status: 200, body: { data: [] } };

/** One that shows by now. */
function shown(taskUUID: string, book: VendorBook): DoubleJob | undefined {
  const job = book.job(taskUUID);
  return job !== undefined && Date.now() >= job.acceptedAt + book.controls.list.lagSeconds * 1_000
    ? job
    : undefined;
}

async function response(task: Task, world: DoubleWorld, options: RunwareOptions): Promise<Reply> {
  const { book } = world;
  const job = shown(task.taskUUID, book);
  if (job === undefined || (options.forgetsEnded === true && book.isEnded(job)))
    return unknown(task, options);
  job.polls += 1;
  if (job.polls <= book.controls.answers.notFoundFirst) return unknown(task, options);
  return { status: 200, body: await answerOf(job, world, options) };
}

const part = z.looseObject({
  data: z.array(z.unknown()).default([]),
  errors: z.array(z.unknown()).default([]),
});

/** How several stand: what is known of each, one after the other, and one status for all. */
async function responses(
  tasks: readonly Task[],
  world: DoubleWorld,
  options: RunwareOptions,
): Promise<Reply> {
  if (tasks.some(({ taskType }) => taskType !== 'getResponse')) return errors(400, 'invalidRequest');
  const answers = await Promise.all(tasks.map((task) => response(task, world, options)));
  const parts = answers.map(({ body }) => part.parse(body));
  const failed = parts.flatMap((one) => one.errors);
  return {
    status: 200,
    body: { data: parts.flatMap(({ data }) => data), ...(failed.length > 0 ? { errors: failed } : {}) },
  };
}

/** What has ended, with what was asked and answered. */
async function details(task: Task, world: DoubleWorld, options: RunwareOptions): Promise<Reply> {
  const { book } = world;
  const job = shown(task.taskUUID, book);
  if (job === undefined || !book.isEnded(job)) return unknown(task, options);
  const answer = await answerOf(job, world, { ...options, failures: 'errors' });
  const response = JSON.parse(JSON.stringify(answer).replaceAll('"status":"success",', ''));
  const request = book.controls.list.withoutInputs ? [] : [job.asked];
  return { status: 200, body: { data: [{ ...task, request, response }] } };
}

async function answerOf(
  job: DoubleJob,
  world: DoubleWorld,
  options: RunwareOptions,
): Promise<Record<string, unknown>> {
  const { answers, job: control } = world.book.controls;
  const status = world.book.statusOf(job);
  const more = {
    ...(answers.oddTypes ? { progress: 'half', cost: '0.0013', seed: 'seven', NSFWContent: null } : {}),
    ...(answers.extraFields ? { servedFrom: { region: 'eu' } } : {}),
  };
  if (status === 'queued' || status === 'running')
    return { data: [{ ...named(job), status: control.word ?? 'processing', progress: 40, ...more }] };
  if (status === 'failed') {
    const error = { code: control.error ?? 'inferenceError', message: 'the model raised' };
    return options.failures === 'errors'
      ? { data: [], errors: [{ ...error, ...named(job), status: 'error' }] }
      : { data: [{ ...named(job), status: 'error', error, ...more }] };
  }
  const pictures = Array.from({ length: job.order.count }, async (_, index) => ({
    ...named(job),
    status: 'success',
    ...(job.end === 'nothing' ? {} : { imageURL: await world.output(job, index) }),
    ...(answers.withoutOptional
      ? {}
      : {
          imageUUID: randomUUID(),
          seed: job.order.seed + index,
          NSFWContent: status === 'moderated',
          ...(job.asked['includeCost'] === true ? { cost: costs[job.model] } : {}),
        }),
    ...more,
  }));
  return { data: await Promise.all(pictures) };
}
