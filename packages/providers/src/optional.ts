import type { z } from 'zod';

/** Something that can be done without, whatever stands there instead. */
export const optional = <T extends z.ZodType>(type: T) => type.nullish().catch(undefined);
