import { z } from 'zod';
import { commaSeparated } from './comma-separated.js';

/** Words of a generation's status. */
export const statuses = ['queued', 'processing', 'verifying', 'succeeded', 'failed', 'canceled'] as const;
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** Query of GET /v1/generations: whatever is not in here is refused. */
export const listQuerySchema = z
  .strictObject({
    limit: z
      .string()
      .regex(/^(?:[1-9]\d?|100)$/, 'must be 1 to 100')
      .default('20')
      .transform(Number)
      // As it is meant, not as it comes: in a query everything is text.
      .meta({
        description: 'Most entries of the page.',
        type: 'integer',
        minimum: 1,
        maximum: 100,
        default: 20,
        pattern: undefined,
      }),
    after: z.string().min(1).max(256).optional().meta({ description: '`next` of the page before.' }),
    status: z
      .string()
      .max(100)
      .transform((text) => text.split(','))
      .pipe(z.array(z.enum(statuses)))
      .optional()
      .meta(commaSeparated('Only these.', statuses)),
    model: z.string().min(1).max(128).optional().meta({ description: 'As it was asked for.' }),
    created_after: instant.optional().meta({ description: 'RFC 3339; exclusive.' }),
    created_before: instant.optional().meta({ description: 'RFC 3339; exclusive.' }),
  })
  .meta({ id: 'ListQuery' });
