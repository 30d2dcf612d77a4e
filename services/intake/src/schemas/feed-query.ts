import { type EventType, generationEventTypes, isTenantVisible } from '@darkroom/contract';
import { z } from 'zod';
import { commaSeparated } from './comma-separated.js';

/** Types that a tenant can see in its feed. */
export const visibleTypes = generationEventTypes.filter((type) => isTenantVisible(type));

const visible = (name: string): name is (typeof visibleTypes)[number] =>
  visibleTypes.some((type) => type === name);

/** Query of GET /v1/events. */
export const feedQuerySchema = z
  .strictObject({
    after: z.string().max(64).optional().meta({
      description:
        'A cursor: only what came after it. Empty: from the beginning. Absent: an event stream starts with what is new, NDJSON with the beginning.',
    }),
    type: z
      .string()
      .max(2_000)
      .transform((text, context): EventType[] => {
        const names = text.split(',');
        const known = names.filter(visible);
        if (known.length !== names.length)
          context.addIssue({ code: 'custom', message: 'names an unknown type' });
        return known;
      })
      .optional()
      .meta(commaSeparated('Only these types of events.', visibleTypes)),
  })
  .meta({ id: 'FeedQuery' });
