import { z } from 'zod';

/** `finish_reason` alone tells a picture from a blurred one: nothing is read without it. */
export const resultSchema = z.object({
  image: z.string().nullish().catch(undefined),
  finish_reason: z.string(),
});

export const errorSchema = z.object({ name: z.string().min(1), errors: z.array(z.unknown()) });
