import { z } from 'zod';
import { optional } from '../optional.js';

/** What a prompt is answered with once it is queued. */
export const queuedSchema = z.object({ prompt_id: z.string(), number: optional(z.number()) });

/** What is wrong with a prompt, as a whole and by node. */
export const refusalSchema = z.object({
  error: z.object({ type: z.string(), message: optional(z.string()), details: optional(z.string()) }),
  node_errors: z.unknown().optional(),
});

/** An entry is `[number, prompt id, graph, extra, outputs]`. */
const queueEntry = z.tuple([z.unknown(), z.string()], z.unknown());

export const queueSchema = z.object({
  queue_running: z.array(z.unknown()),
  queue_pending: z.array(z.unknown()),
});

/** The prompt's id of an entry of the queue; undefined where it is none. */
export const promptIdOf = (entry: unknown): string | undefined => queueEntry.safeParse(entry).data?.[1];

const imageSchema = z.object({
  filename: z.string().min(1),
  subfolder: optional(z.string()),
  type: optional(z.string()),
});
export const readImage = (image: unknown): z.infer<typeof imageSchema> | undefined =>
  imageSchema.safeParse(image).data;

/** One prompt of the history. */
export const historyEntrySchema = z.object({
  outputs: optional(z.record(z.string(), z.object({ images: optional(z.array(z.unknown())) }).catch({}))),
  status: optional(
    z.object({
      status_str: z.string(),
      messages: optional(z.array(z.unknown())),
    }),
  ),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

export const historySchema = z.record(z.string(), z.unknown());

/** `[event, what it says]`. */
const messageSchema = z.tuple([z.string(), z.unknown()], z.unknown());
export const readMessage = (
  message: unknown,
): { readonly event: string; readonly data: unknown } | undefined => {
  const read = messageSchema.safeParse(message).data;
  return read === undefined ? undefined : { event: read[0], data: read[1] };
};

export const exceptionSchema = z.object({
  exception_message: optional(z.string()),
  exception_type: optional(z.string()),
});

export const canceledSchema = z.object({ cancelled: z.boolean() });
