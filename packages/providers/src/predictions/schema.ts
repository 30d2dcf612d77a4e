import { z } from 'zod';

/** Something that we can do without, whatever stands there instead. */
const optionalText = z.string().nullish().catch(undefined);

/** A prediction: without id and status it is none. Keys that the vendor adds pass; what is odd counts as missing. */
export const predictionSchema = z.object({
  id: z.string(),
  status: z.string(),
  model: optionalText,
  input: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  output: z.unknown().optional(),
  error: z.unknown().optional(),
  logs: optionalText,
  webhook: optionalText,
  data_removed: z.boolean().nullish().catch(undefined),
});
export type Prediction = z.infer<typeof predictionSchema>;
