import { z } from 'zod';
import { optional } from '../optional.js';

/** What every answer is, and every webhook: tasks, and what went wrong with some. Each entry is looked at by itself. */
export const envelopeSchema = z.object({
  data: z.array(z.unknown()).nullish(),
  errors: z.array(z.unknown()).nullish(),
});

/** A task that was taken, or one result of it. */
export const itemSchema = z.object({
  taskUUID: z.string(),
  /** None where it was taken just now, or comes from the archive. */
  status: optional(z.string()),
  progress: optional(z.number()),
  imageURL: optional(z.string()),
  /** Dollars. */
  cost: optional(z.number().min(0).max(10_000)),
  NSFWContent: z.unknown().optional(),
  error: optional(z.object({ code: optional(z.string()), message: optional(z.string()) })),
});
export type Item = z.infer<typeof itemSchema>;

export const errorSchema = z.object({
  code: z.string(),
  message: optional(z.string()),
  taskUUID: optional(z.string()),
  /** `error`: a task of the past has ended so, and not this question. */
  status: optional(z.string()),
});
export type TaskError = z.infer<typeof errorSchema>;

/** A task of the archive, with what it was answered. */
export const detailsSchema = z.object({ taskUUID: z.string(), response: z.unknown() });
