import { z } from 'zod';

/** Something that we can do without, whatever stands there instead. */
const optionalText = z.string().nullish().catch(undefined);

/** A page of predictions, newest first. */
export const predictionsSchema = z.object({
  next: z.string().nullish(),
  results: z.array(z.unknown()),
});

/** RFC 9457 with or without a title; some errors have the detail alone. */
export const problemSchema = z.object({ detail: z.string(), title: optionalText });
