import { z } from 'zod';

/** What a plain worker is told, as JSON in its one argument. */
export const orderSchema = z.object({
  queue: z.enum(['pg-boss', 'bullmq']),
  queueUrl: z.string(),
  vendor: z.enum(['simulator', 'replicate', 'fal']),
  vendorUrl: z.string(),
  concurrency: z.int().positive(),
  /** Whether it keeps the id of the vendor's job as soon as it knows it, and asks for that job when it is tried again. */
  keepsIds: z.boolean(),
  /** Pictures go here, one file a request. */
  folder: z.string(),
});

export type Order = z.infer<typeof orderSchema>;
