import { z } from 'zod';

/** What pydantic found wrong with an input. */
export const validationSchema = z.object({
  detail: z
    .array(
      z.object({
        loc: z.array(z.union([z.string(), z.number()])),
        msg: z.string(),
        type: z.string().optional(),
      }),
    )
    .min(1),
});

/** A run that there is not. */
export const refusalSchema = z.object({ error: z.string(), status: z.literal('failed') });
