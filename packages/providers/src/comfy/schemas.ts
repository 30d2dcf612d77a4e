import { z } from 'zod';
import { optional } from '../optional.js';
import { queuePosition } from '../queue-position.js';

const outputSchema = z.object({
  type: z.string(),
  /** Previews come from others than the one that saves. */
  node_id: optional(z.string()),
  url: z.string(),
  content_type: optional(z.string()),
  size_bytes: optional(z.number().int().min(0)),
});
export const readOutputEntry = (output: unknown): z.infer<typeof outputSchema> | undefined =>
  outputSchema.safeParse(output).data;

/** A job: without id and status it is none. */
export const jobSchema = z.object({
  id: z.string(),
  status: z.string(),
  created_at: optional(z.string()),
  queue_position: queuePosition,
  progress: optional(z.object({ value: optional(z.number()) })),
  outputs: optional(z.array(z.unknown())),
  error: optional(z.object({ code: optional(z.string()), message: optional(z.string()) })),
  /** The proxy's alone: our reference. */
  metadata: optional(z.string()),
});
export type ComfyJob = z.infer<typeof jobSchema>;

export const jobsSchema = z.object({ jobs: z.array(z.unknown()), truncated: optional(z.boolean()) });

export const errorSchema = z.object({
  error: z.object({ code: z.string(), message: optional(z.string()) }),
});
