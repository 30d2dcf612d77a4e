import { z } from 'zod';
import { optional } from '../optional.js';

/** What a submit is answered with. With a webhook there is no address to ask at. */
export const acceptedSchema = z.object({
  id: z.string(),
  polling_url: optional(z.string()),
  /** Credits, of which one is a hundredth of a dollar. */
  cost: optional(z.number().min(0).max(1_000_000)),
});

/** A task, as a poll or a webhook tells it. */
export const taskSchema = z.object({
  id: optional(z.string()),
  status: z.string(),
  progress: optional(z.number()),
  result: optional(z.looseObject({ sample: z.unknown().optional() })),
  details: z.unknown().optional(),
  error: z.unknown().optional(),
  message: optional(z.string()),
});
export type Task = z.infer<typeof taskSchema>;

const validation = z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() });

/** Its refusals have been seen in two forms. */
export const refusalSchema = z.union([
  z.object({ detail: z.union([z.string(), z.array(validation).min(1)]) }),
  z.object({ error: z.string(), message: optional(z.string()) }),
]);
export type Refusal = z.infer<typeof refusalSchema>;
