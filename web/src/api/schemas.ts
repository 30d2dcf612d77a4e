import { z } from 'zod';

const artifact = z.object({
  id: z.string(),
  index: z.number(),
  media_type: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  content_url: z.string(),
  thumbnail_url: z.string().nullable(),
});

/** A generation as the API shows it; what the page does not use is left out. */
export const generationSchema = z.object({
  id: z.string(),
  run: z.number(),
  version: z.number(),
  status: z.enum(['queued', 'processing', 'verifying', 'succeeded', 'failed', 'canceled']),
  status_reason: z.object({ code: z.string(), message: z.string(), until: z.string().nullish() }).nullable(),
  prompt: z.string().nullable(),
  model: z.string(),
  requested: z.object({
    size: z.string(),
    count: z.number(),
    seed: z.number().nullish(),
    output_format: z.string(),
  }),
  progress: z.object({ percent: z.number().nullable(), queue_position: z.number().nullable() }).nullish(),
  attempts: z.number(),
  created_at: z.string(),
  updated_at: z.string(),
  finished_at: z.string().nullable(),
  artifacts: z.array(artifact),
  error: z
    .object({
      code: z.string(),
      message: z.string(),
      retryable: z.boolean(),
      charge: z.enum(['none', 'possible', 'certain']),
    })
    .nullable(),
  charge: z.enum(['none', 'possible', 'certain']).nullish(),
});

export const oneSchema = z.object({ data: generationSchema });
export const pageSchema = z.object({ data: z.array(generationSchema), next: z.string().nullable() });
export const acceptedSchema = z.object({ data: z.object({ id: z.string() }) });
export const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });
export const problemSchema = z.object({
  title: z.string(),
  detail: z.string().optional(),
  code: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});
/** What of a feed message the page needs: which generation it speaks of. */
export const feedMessageSchema = z.object({ generation: z.string() });

export type Generation = z.infer<typeof generationSchema>;
export type Artifact = Generation['artifacts'][number];
