import { z } from 'zod';
import { optional } from '../optional.js';
import { queuePosition } from '../queue-position.js';

export const acceptedSchema = z.object({ id: z.string() });

const count = optional(z.number().int().min(0));

/** How a request stands. */
export const checkSchema = z.object({
  done: z.boolean(),
  faulted: optional(z.boolean()),
  finished: count,
  processing: count,
  queue_position: queuePosition,
  is_possible: optional(z.boolean()),
});
export type Check = z.infer<typeof checkSchema>;

/** The same with what has been drawn, entry by entry. */
export const statusSchema = checkSchema.extend({ generations: z.array(z.unknown()) });
export type Status = z.infer<typeof statusSchema>;

/** A picture, or what stands in its place. That it was censored has been told in three ways, of which the last is the newest. */
export const generationSchema = z.object({
  img: optional(z.string()),
  state: optional(z.string()),
  censored: optional(z.boolean()),
  gen_metadata: optional(z.array(z.unknown())),
});
export type Generation = z.infer<typeof generationSchema>;

export const censorshipSchema = z.object({ type: z.string().regex(/^censorship$/i), value: z.string() });

/** One for each picture: of which request, and which picture. */
export const webhookSchema = z.object({ request: z.string(), id: z.string() });

/** Its own errors have a code; those of the framework below it have the fields that are wrong, or the words of a rate limit. */
export const errorSchema = z.object({
  rc: optional(z.string()),
  message: optional(z.string()),
  errors: optional(z.record(z.string(), z.unknown())),
});
