import { z } from 'zod';

const tokens = z.number().int().min(0).max(10_000_000);

export const imagesSchema = z.object({
  /** Each is looked at by itself. */
  data: z.array(z.unknown()),
  output_format: z.string().nullish().catch(undefined),
  /** Tokens, by which it is billed. */
  usage: z.object({ input_tokens: tokens, output_tokens: tokens }).nullish().catch(undefined),
});

export const imageSchema = z.object({ b64_json: z.string() });

export const errorSchema = z.object({
  error: z.object({
    message: z.string().nullish().catch(undefined),
    type: z.string().nullish().catch(undefined),
    code: z.union([z.string(), z.number()]).nullish().catch(undefined),
  }),
});
