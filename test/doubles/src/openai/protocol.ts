import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';

const models = ['gpt-image-1', 'gpt-image-1-mini'];
const sizes = ['1024x1024', '1536x1024', '1024x1536', 'auto'] as const;

const generateSchema = z.strictObject({
  model: z.string(),
  prompt: z.string().max(32_000),
  n: z.number().int().min(1).max(10).default(1),
  size: z.enum(sizes).default('auto'),
  quality: z.enum(['low', 'medium', 'high', 'auto']).default('auto'),
  output_format: z.enum(['png', 'jpeg', 'webp']).default('png'),
  output_compression: z.number().optional(),
  background: z.enum(['transparent', 'opaque', 'auto']).optional(),
  moderation: z.enum(['auto', 'low']).optional(),
  user: z.string().optional(),
});

const refusal = (status: number, message: string, type: string, code: string | null): Reply => ({
  status,
  body: { error: { message, type, param: null, code } },
});

const refusals: Readonly<Record<string, Reply>> = {
  400: refusal(400, "Invalid value: 'prompt'.", 'invalid_request_error', 'invalid_value'),
  '400 moderation': refusal(
    400,
    'Your request was rejected by the safety system. safety_violations=[violence].',
    'image_generation_user_error',
    'moderation_blocked',
  ),
  '400 safety system': refusal(
    400,
    'Your request was rejected by our safety system.',
    'invalid_request_error',
    null,
  ),
  '400 billing': refusal(
    400,
    'Billing hard limit has been reached.',
    'invalid_request_error',
    'billing_hard_limit_reached',
  ),
  401: refusal(401, 'Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'),
  403: refusal(403, 'Your organization must be verified to use the model.', 'invalid_request_error', null),
  404: refusal(404, 'The model does not exist.', 'invalid_request_error', 'model_not_found'),
  429: refusal(429, 'Rate limit reached. Limit: 5/1min.', 'requests', 'rate_limit_exceeded'),
  '429 quota': refusal(429, 'You exceeded your current quota.', 'insufficient_quota', 'insufficient_quota'),
};

/** OpenAI's images API: synchronous, and nothing is kept. */
export function openaiProtocol(): VendorProtocol {
  return {
    name: 'openai',
    words: {
      outOfCredit: { status: 400, reason: 'billing' },
      rejected: { status: 400, reason: 'moderation' },
    },
    isSubmit: ({ method, path }) => method === 'POST' && path.endsWith('/images/generations'),
    isPoll: () => false,
    refuse: (status, reason) =>
      refusals[reason === undefined ? status : `${status} ${reason}`] ??
      refusal(status, 'The server had an error.', 'server_error', null),
    handle: async (call, world) => {
      const requestId = { 'x-request-id': `req_${randomBytes(16).toString('hex')}` };
      const reply = await handle(call, world);
      const { restFor } = world.book.controls.limit;
      const rate = {
        'x-ratelimit-limit-requests': '500',
        'x-ratelimit-remaining-requests': restFor === undefined ? '499' : '0',
        'x-ratelimit-reset-requests': restFor ?? '120ms',
      };
      return { ...reply, headers: { ...reply.headers, ...requestId, ...rate } };
    },
  };
}

async function handle(call: Call, world: DoubleWorld): Promise<Reply> {
  if (!/^Bearer \S+$/.test(call.headers.authorization ?? ''))
    return refusals[401] ?? refusal(401, '', '', null);
  if (!call.path.endsWith('/images/generations'))
    return refusal(404, 'Unknown URL', 'invalid_request_error', null);
  let asked: z.infer<typeof generateSchema>;
  try {
    asked = generateSchema.parse(JSON.parse(call.body.toString()));
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    return refusal(
      400,
      `Invalid value: ${issue?.path.join('.') ?? 'body'}`,
      'invalid_request_error',
      'invalid_value',
    );
  }
  if (!models.includes(asked.model)) return refusals[404] ?? refusal(404, '', '', null);
  const [width = 1024, height = 1024] = (asked.size === 'auto' ? '1024x1024' : asked.size)
    .split('x')
    .map(Number);
  const { book } = world;
  const job = book.accept({
    model: asked.model,
    asked,
    order: {
      prompt: asked.prompt,
      width,
      height,
      count: asked.n,
      seed: Math.floor(Math.random() * 2 ** 31),
      format: asked.output_format,
    },
    webhook: null,
  });
  await delay(book.controls.job.seconds * 1_000);
  const indexes = job.end === 'nothing' ? [] : Array.from({ length: job.order.count }, (_, index) => index);
  const data = await Promise.all(
    indexes.map(async (index) => ({ b64_json: (await world.picture(job, index)).toString('base64') })),
  );
  const imageTokens = 272 * data.length;
  return {
    status: 200,
    taken: job,
    body: {
      created: Math.floor(job.acceptedAt / 1_000),
      background: 'opaque',
      output_format: book.controls.answers.oddTypes ? null : asked.output_format,
      quality: asked.quality,
      size: `${width}x${height}`,
      data,
      usage: {
        input_tokens: 9,
        input_tokens_details: { image_tokens: 0, text_tokens: 9 },
        output_tokens: imageTokens,
        output_tokens_details: { image_tokens: imageTokens, text_tokens: 0 },
        total_tokens: 9 + imageTokens,
      },
    },
  };
}
