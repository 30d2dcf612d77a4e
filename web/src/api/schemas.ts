import * as z from 'zod/mini';

const charge = z.enum(['none', 'possible', 'certain']);

const artifact = z.object({
  id: z.string(),
  index: z.number(),
  media_type: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
  content_url: z.string(),
  thumbnail_url: z.nullable(z.string()),
});

/** A generation as the API shows it; what the page does not use is left out. */
const generationSchema = z.object({
  id: z.string(),
  run: z.number(),
  version: z.number(),
  status: z.enum(['queued', 'processing', 'verifying', 'succeeded', 'failed', 'canceled']),
  status_reason: z.nullable(
    z.object({ code: z.string(), message: z.string(), until: z.nullish(z.string()) }),
  ),
  prompt: z.nullable(z.string()),
  model: z.string(),
  requested: z.object({ size: z.string(), count: z.number() }),
  progress: z.nullish(
    z.object({
      percent: z.nullish(z.number()),
      queue_position: z.nullish(z.number()),
      usual_seconds: z.nullish(z.object({ p50: z.number(), p95: z.number() })),
    }),
  ),
  attempts: z.number(),
  created_at: z.string(),
  updated_at: z.string(),
  finished_at: z.nullable(z.string()),
  artifacts: z.array(artifact),
  error: z.nullable(z.object({ code: z.string(), message: z.string(), charge })),
  charge: z.nullish(charge),
});

const modelSchema = z.object({
  id: z.string(),
  title: z.optional(z.string()),
  default: z.optional(z.boolean()),
  limits: z.object({ min_side: z.number(), max_side: z.number(), max_count: z.number() }),
  price: z.nullish(z.object({ currency: z.string(), micros_per_image: z.string() })),
});

export const oneSchema = z.object({ data: generationSchema });
export const pageSchema = z.object({ data: z.array(generationSchema), next: z.nullable(z.string()) });
export const acceptedSchema = z.object({ data: z.object({ id: z.string() }) });
export const modelsSchema = z.object({ data: z.array(modelSchema) });
export const problemSchema = z.object({
  title: z.string(),
  detail: z.optional(z.string()),
  code: z.optional(z.string()),
  errors: z.optional(z.array(z.object({ pointer: z.string(), message: z.string() }))),
});
/** What of a feed message the page needs: which generation it speaks of. */
export const feedMessageSchema = z.object({ generation: z.string() });

export type Generation = z.infer<typeof generationSchema>;
export type Artifact = Generation['artifacts'][number];
export type Charge = z.infer<typeof charge>;
export type Model = z.infer<typeof modelSchema>;
