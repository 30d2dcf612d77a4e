import { z } from 'zod';
import { type Refusal, refusal } from './refusal.js';

const submitRequestSchema = z.object({
  model: z.string().max(100),
  prompt: z
    .string()
    .refine((prompt) => prompt.trim().length > 0, 'is empty')
    .refine((prompt) => Array.from(prompt).length <= 4_000, 'has more than 4000 code points')
    .refine((prompt) => !/[\ud800-\udfff\0]/u.test(prompt), 'has NUL or a lone surrogate'),
  width: z.number().int().min(64).max(4_096),
  height: z.number().int().min(64).max(4_096),
  count: z.number().int().min(1).max(8).default(1),
  seed: z.number().int().min(0).max(0xffff_ffff).default(0),
  format: z.enum(['png', 'jpeg', 'webp']).default('png'),
  reference: z.string().min(1).max(255).optional(),
  webhook_url: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .optional(),
});

export type SubmitRequest = z.infer<typeof submitRequestSchema>;

/** Bytes that a submit may have. */
export const submitBodyLimit = 256 * 1024;

/** What the ledger can say of a body that may be anything. */
export interface ClaimedFields {
  model: string | null;
  prompt: string | null;
  reference: string | null;
}

function text(body: object, field: string): string | null {
  const value: unknown = Reflect.get(body, field);
  return typeof value === 'string' ? value.slice(0, 16_000) : null;
}

/** Reads the body of a submit; whatever it is, the ledger gets what can be told of it. */
export function readSubmitRequest(
  contentType: string | undefined,
  raw: Buffer,
): { claimed: ClaimedFields; request: SubmitRequest | Refusal } {
  const nothing: ClaimedFields = { model: null, prompt: null, reference: null };
  if (!contentType || !/^application\/json\s*(;|$)/i.test(contentType))
    return { claimed: nothing, request: refusal(415) };
  let body: unknown;
  try {
    body = JSON.parse(raw.toString('utf8'));
  } catch {
    return { claimed: nothing, request: refusal(400, { message: 'The body is not JSON' }) };
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { claimed: nothing, request: refusal(422, { message: 'The body is not an object' }) };
  }
  const claimed = {
    model: text(body, 'model'),
    prompt: text(body, 'prompt'),
    reference: text(body, 'reference'),
  };
  const parsed = submitRequestSchema.safeParse(body);
  if (parsed.success) return { claimed, request: parsed.data };
  const first = parsed.error.issues[0];
  const message = `${first?.path.join('.') ?? ''} ${first?.message ?? ''}`.trim();
  return { claimed, request: refusal(422, { message }) };
}

export function isRefusal(value: object): value is Refusal {
  return 'status' in value && 'code' in value;
}
