import * as z from 'zod/mini';

const charge = z.enum(['none', 'possible', 'certain']);
const status = z.enum(['queued', 'processing', 'verifying', 'succeeded', 'failed', 'canceled']);

const artifact = z.object({
  id: z.string(),
  index: z.number(),
  media_type: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  placeholder: z.nullable(z.string()),
  content_url: z.string(),
  thumbnail_url: z.nullable(z.string()),
});

/** A generation as the API shows it; what the page does not use is left out. */
const generationSchema = z.object({
  id: z.string(),
  run: z.number(),
  version: z.number(),
  status,
  status_reason: z.nullable(
    z.object({ code: z.string(), message: z.string(), until: z.nullish(z.string()) }),
  ),
  prompt: z.nullable(z.string()),
  model: z.string(),
  requested: z.object({
    size: z.string(),
    count: z.number(),
    seed: z.number(),
    output_format: z.string(),
  }),
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
  error: z.nullable(z.object({ code: z.string(), message: z.string(), retryable: z.boolean(), charge })),
  charge: z.nullish(charge),
  cost: z.object({
    currency: z.nullable(z.string()),
    estimated_micros: z.nullable(z.string()),
    actual_micros: z.nullable(z.string()),
  }),
  metadata: z.record(z.string(), z.string()),
  trace_id: z.nullish(z.string()),
  links: z.object({ trace: z.nullish(z.string()) }),
});

const modelSchema = z.object({
  id: z.string(),
  title: z.optional(z.string()),
  default: z.optional(z.boolean()),
  limits: z.object({
    min_side: z.number(),
    max_side: z.number(),
    sizes: z.nullish(z.array(z.string())),
    side_step: z.nullish(z.number()),
    max_pixels: z.nullish(z.number()),
    max_count: z.number(),
    output_formats: z.optional(z.array(z.string())),
  }),
  price: z.nullish(z.object({ currency: z.string(), micros_per_image: z.string() })),
});

const eventSchema = z.object({
  id: z.string(),
  type: z.string(),
  run: z.number(),
  time: z.string(),
  data: z.record(z.string(), z.unknown()),
});

const troubleSchema = z.object({ id: z.string(), title: z.string(), description: z.string() });

export const oneSchema = z.object({ data: generationSchema });
export const pageSchema = z.object({ data: z.array(generationSchema), next: z.nullable(z.string()) });
export const acceptedSchema = z.object({ data: z.object({ id: z.string() }) });
export const countsSchema = z.object({
  data: z.object({
    queued: z.number(),
    processing: z.number(),
    verifying: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    canceled: z.number(),
    total: z.number(),
  }),
});
export const historySchema = z.object({ data: z.array(eventSchema) });
export const modelsSchema = z.object({ data: z.array(modelSchema) });
export const troublesSchema = z.object({
  data: z.object({ troubles: z.array(troubleSchema), current: z.nullable(z.string()) }),
});
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
export type Counts = z.infer<typeof countsSchema>['data'];
export type HistoryEvent = z.infer<typeof eventSchema>;
export type Model = z.infer<typeof modelSchema>;
export type Troubles = z.infer<typeof troublesSchema>['data'];
