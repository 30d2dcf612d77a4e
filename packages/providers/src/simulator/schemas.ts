import { z } from 'zod';
import { queuePosition } from '../queue-position.js';

/** The vendor's own error envelope. Its presence is what makes a refusal definite. */
export const errorEnvelopeSchema = z.looseObject({
  error: z.looseObject({ code: z.string(), message: z.string() }),
});

/** The answer to a submit. Everything but the id may change without breaking us. */
export const submittedSchema = z.looseObject({
  id: z.unknown().optional(),
  queue_position: queuePosition,
});

/** A job as polls, lists, cancels and webhooks show it: read field by field, so that one odd field spoils no other. */
export const jobSchema = z.looseObject({
  id: z.unknown().optional(),
  status: z.string(),
  progress: z.number().nullish().catch(null),
  queue_position: queuePosition,
  reference: z.string().nullish().catch(null),
  outputs: z.array(z.unknown()).nullish().catch(null),
  error: z
    .looseObject({ code: z.unknown().optional(), message: z.unknown().optional() })
    .nullish()
    .catch(null),
});

export type JobBody = z.infer<typeof jobSchema>;

/** One image of a job: a link, or the bytes. */
export const outputSchema = z.looseObject({
  url: z.unknown().optional(),
  b64: z.unknown().optional(),
  sha256: z.unknown().optional(),
  bytes: z.unknown().optional(),
  media_type: z.unknown().optional(),
});

export const listSchema = z.looseObject({ data: z.array(z.unknown()) });
