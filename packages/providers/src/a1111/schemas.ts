import { z } from 'zod';
import { optional } from '../optional.js';

/** `info` is JSON in a string. */
export const resultSchema = z.object({ images: z.array(z.unknown()), info: z.string() });

/** What was drawn, one seed for each picture. */
export const infoSchema = z.object({
  all_seeds: z.array(z.unknown()).min(1),
  index_of_first_image: optional(z.number().int().min(0)),
  sd_model_name: optional(z.string()),
});

/** Of a request that was not taken up: FastAPI's words. */
export const refusalSchema = z.object({
  detail: z.union([
    z.string().min(1),
    z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() })).min(1),
  ]),
});

/** Of one that raised something: its class, and what it says. */
export const raisedSchema = z.object({ error: z.string().min(1), errors: z.string() });
