import { z } from 'zod';
import { optional } from './optional.js';

/** Most that an event's int32 holds. */
const largest = 2_147_483_647;

/** A place in a vendor's queue. A number that is none says nothing, and spoils nothing that is said beside it. */
export const queuePosition = optional(z.number().int().min(0).max(largest));
