import { z } from 'zod';
import { codePoints } from '../policy/code-points.js';

/** 64 to 4096, for the document: here the check says more than that the form is wrong. */
const side = String.raw`(?:6[4-9]|[7-9]\d|[1-9]\d\d|[1-3]\d{3}|40[0-8]\d|409[0-6])`;

const sizeSchema = z
  .string()
  .regex(/^[1-9]\d{1,3}x[1-9]\d{1,3}$/)
  .refine(
    (size) => size.split('x').every((side) => Number(side) >= 64 && Number(side) <= 4096),
    customIssue('out_of_range', 'each side must be 64 to 4096'),
  );

const metadataSchema = z.record(z.string(), z.string()).superRefine((metadata, context) => {
  const pairs = Object.entries(metadata);
  if (pairs.length > 16)
    context.addIssue({ code: 'custom', ...customIssue('too_many', 'must be at most 16 pairs') });
  for (const [name, value] of pairs) {
    if (name === '' || codePoints(name) > 64) {
      context.addIssue({
        code: 'custom',
        path: [name],
        ...customIssue('too_long', 'a name must be 1 to 64 characters'),
      });
    }
    if (codePoints(value) > 512) {
      context.addIssue({
        code: 'custom',
        path: [name],
        ...customIssue('too_long', 'must be at most 512 characters'),
      });
    }
  }
});

function customIssue(code: string, message: string): { message: string; params: { code: string } } {
  return { message, params: { code } };
}

/** Body of POST /v1/generations. What a model cannot do is a second check, against its sheet. */
export const createGenerationSchema = z
  .strictObject({
    prompt: z
      .string()
      .trim()
      .refine((text) => text !== '', customIssue('too_short', 'must not be empty'))
      .refine((text) => codePoints(text) <= 4000, customIssue('too_long', 'must be at most 4000 characters'))
      .meta({
        description: 'What to draw; 1 to 4,000 code points after trimming.',
        pattern: String.raw`\S`,
        minLength: 1,
        maxLength: 4000,
      }),
    model: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({ description: '`<provider>/<model>` or the name of a route. Default: the tenant’s route.' }),
    size: sizeSchema.default('1024x1024').meta({
      description: '`WxH`, 64 to 4096 each; further limited by the model.',
      pattern: `^${side}x${side}$`,
    }),
    count: z.int().min(1).max(8).default(1).meta({ description: 'Images wanted.' }),
    min_count: z
      .int()
      .min(1)
      .max(8)
      .optional()
      .meta({ description: 'Images needed for success; at most `count`, and by default `count`.' }),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .optional()
      .meta({ description: 'Chosen by us where absent.' }),
    output_format: z.enum(['png', 'jpeg', 'webp']).default('png'),
    metadata: metadataSchema.optional().meta({
      description: 'At most 16 pairs of text: name up to 64, value up to 512 characters.',
      maxProperties: 16,
      propertyNames: { type: 'string', minLength: 1, maxLength: 64 },
      additionalProperties: { type: 'string', maxLength: 512 },
    }),
    deadline_seconds: z.int().min(10).max(604_800).default(86_400),
  })
  .superRefine((body, context) => {
    if (body.min_count !== undefined && body.min_count > body.count) {
      context.addIssue({
        code: 'custom',
        path: ['min_count'],
        ...customIssue('out_of_range', 'must be at most count'),
      });
    }
  })
  .meta({ id: 'CreateGeneration' });

export type CreateGeneration = z.output<typeof createGenerationSchema>;
