import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { megapixelSizes } from '../harness/megapixel-sizes.js';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob } from '../harness/vendor-book.js';

/** Every field is text. */
const fields = {
  prompt: z.string().min(1).max(10_000),
  negative_prompt: z.string().max(10_000).optional(),
  aspect_ratio: z.enum(['16:9', '1:1', '21:9', '2:3', '3:2', '4:5', '5:4', '9:16', '9:21']).default('1:1'),
  seed: z
    .string()
    .regex(/^\d{1,10}$/)
    .transform(Number)
    .pipe(z.number().max(4_294_967_294))
    .default(0),
  output_format: z.enum(['png', 'jpeg', 'webp']).default('png'),
};

/** By the last part of the address. */
const services: Readonly<
  Record<string, z.ZodType<z.infer<z.ZodObject<typeof fields>> & { model?: string }>>
> = {
  core: z.strictObject({ ...fields, style_preset: z.string().optional() }),
  ultra: z.strictObject(fields),
  sd3: z.strictObject({
    ...fields,
    model: z.enum(['sd3.5-large', 'sd3.5-large-turbo', 'sd3.5-medium', 'sd3.5-flash']).default('sd3.5-large'),
    mode: z.literal('text-to-image').default('text-to-image'),
    cfg_scale: z.string().optional(),
  }),
};

const refusal = (status: number, name: string, ...errors: string[]): Reply => ({
  status,
  body: { id: randomBytes(16).toString('hex'), name, errors },
});

const reasons: Readonly<Record<string, readonly [name: string, message: string]>> = {
  400: ['bad_request', 'prompt: cannot be empty'],
  401: ['unauthorized', 'authorization: is missing or is not valid'],
  402: ['payment_required', 'You lack sufficient credits to make this request.'],
  403: ['forbidden', 'You do not have access to this model.'],
  '403 moderation': [
    'content_moderation',
    'Your request was flagged by our content moderation system, and was denied. You were not charged.',
  ],
  404: ['not_found', 'The requested resource was not found.'],
  413: ['payload_too_large', 'Your request was larger than 10MiB.'],
  422: ['invalid_language', 'English is the only supported language for this service.'],
  429: ['rate_limit_exceeded', 'You have exceeded the rate limit of 150 requests within a 10 second period.'],
  500: ['internal_error', 'An internal error occurred.'],
};

/** Stability AI's Stable Image API as far as it draws: synchronous, and nothing is kept. */
export function stabilityProtocol(): VendorProtocol {
  return {
    name: 'stability',
    // Who asks too often is locked out for a minute.
    words: { busy: { status: 429, seconds: 60 } },
    isSubmit: ({ method, path }) => method === 'POST' && serviceOf(path) !== undefined,
    isPoll: () => false,
    refuse,
    handle,
  };
}

const serviceOf = (path: string): string | undefined =>
  /^\/v2beta\/stable-image\/generate\/([a-z0-9]+)$/.exec(path)?.[1];

/** What has no words of the vendor's comes from something before it. */
function refuse(status: number, reason?: string): Reply {
  const words = reasons[reason === undefined ? status : `${status} ${reason}`];
  return words === undefined
    ? { status, headers: { 'content-type': 'text/html' }, body: `<h1>${status}</h1>` }
    : refusal(status, ...words);
}

async function handle(call: Call, world: DoubleWorld): Promise<Reply> {
  const { authorization = '', accept = 'image/*', 'content-type': type = '' } = call.headers;
  if (!/^Bearer \S+$/.test(authorization)) return refuse(401);
  const service = serviceOf(call.path) ?? '';
  const schema = Object.hasOwn(services, service) ? services[service] : undefined;
  if (schema === undefined) return refuse(404);
  if (!['image/*', 'application/json'].includes(accept))
    return refusal(400, 'bad_request', "accept: must be 'image/*' or 'application/json'");
  if (!type.startsWith('multipart/form-data'))
    return refusal(400, 'bad_request', 'content-type: must be multipart/form-data');
  const form = await new Response(new Uint8Array(call.body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => undefined);
  if (form === undefined) return refusal(400, 'bad_request', 'body: is not a form');
  const read = schema.safeParse(Object.fromEntries(form));
  if (!read.success)
    return refusal(
      400,
      'bad_request',
      ...read.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`),
    );
  const { prompt, aspect_ratio, seed, output_format, model = service } = read.data;
  const [width, height] = megapixelSizes[aspect_ratio] ?? [1024, 1024];
  const job = world.book.accept({
    model,
    asked: read.data,
    order: {
      prompt,
      width,
      height,
      count: 1,
      seed: seed === 0 ? 1 + Math.floor(Math.random() * 2 ** 31) : seed,
      format: output_format,
    },
    webhook: null,
  });
  await delay(world.book.controls.job.seconds * 1_000);
  return { taken: job, ...(await resultOf(job, accept === 'application/json', world)) };
}

/** A filtered one is a success, with a picture that is blurred. `error`: what a failed one says instead. */
async function resultOf(job: DoubleJob, asJson: boolean, world: DoubleWorld): Promise<Reply> {
  const { answers, job: control } = world.book.controls;
  const reason = {
    succeeded: 'SUCCESS',
    nothing: 'SUCCESS',
    moderated: 'CONTENT_FILTERED',
    failed: control.error ?? 'ERROR',
    stuck: 'SUCCESS',
  }[job.end];
  const picture = await world.picture(job, 0);
  const type = `image/${job.order.format}`;
  const { seed } = job.order;
  if (!asJson)
    return {
      status: 200,
      headers: { 'content-type': type, 'finish-reason': reason, seed: String(seed) },
      body: picture,
    };
  return {
    status: 200,
    headers: {
      'content-type': answers.withoutOptional ? 'application/json' : `application/json; type=${type}`,
    },
    body: {
      ...(job.end === 'nothing' ? {} : { image: picture.toString('base64') }),
      finish_reason: reason,
      ...(answers.withoutOptional ? {} : { seed: answers.oddTypes ? String(seed) : seed }),
      ...(answers.extraFields ? { id: job.id, warnings: [{ code: 7 }] } : {}),
    },
  };
}
