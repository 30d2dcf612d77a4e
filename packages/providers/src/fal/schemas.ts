import { z } from 'zod';
import { optional } from '../optional.js';
import { queuePosition } from '../queue-position.js';

/** Things that we can do without, whatever stands there instead. */
const optionalText = z.string().nullish().catch(undefined);
/** Its numbers have been seen as text. */
const numberOf = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
const position = optional(z.preprocess(numberOf, queuePosition));
const size = optional(z.preprocess(numberOf, z.number().int().min(0)));

/** The answer to a submit. Its addresses are ours to build: it names them by the app, as we do. */
export const queuedSchema = z.object({ request_id: z.string(), queue_position: position });

export const statusSchema = z.object({
  status: z.string(),
  request_id: optionalText,
  queue_position: position,
  logs: z.array(z.unknown()).nullish().catch(undefined),
  error: z.unknown().optional(),
  error_type: optionalText,
});
export type QueueStatus = z.infer<typeof statusSchema>;

export const logSchema = z.object({ message: z.string() });

/** What a model answers; each image is looked at by itself. Without a list of them it is no result. */
export const resultSchema = z.object({
  images: z.array(z.unknown()),
  has_nsfw_concepts: z.array(z.unknown()).nullish().catch(undefined),
});
export const imageSchema = z.object({
  url: z.string(),
  content_type: optionalText,
  file_size: size,
});

/** Of a model: a list, of which each entry has a type. */
export const modelErrorSchema = z.object({
  detail: z.array(z.object({ msg: optionalText, type: optionalText })).min(1),
  error_type: optionalText,
});
/** Of the queue, and of some apps: a sentence. */
export const sentenceSchema = z.object({ detail: z.string(), error_type: optionalText });

/** A page of the history of requests. */
export const historySchema = z.object({
  items: z.array(z.unknown()),
  next_cursor: optionalText,
  has_more: z.boolean().nullish().catch(undefined),
});
export const pastRequestSchema = z.object({
  request_id: z.string(),
  json_input: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});

export const webhookSchema = z.object({
  request_id: z.string(),
  status: z.string(),
  payload: z.unknown().optional(),
  error: z.unknown().optional(),
});

/** RFC 7517, with what of it is Ed25519. */
export const keySetSchema = z.object({
  keys: z.array(z.object({ kty: z.string(), crv: z.string().optional(), x: z.string().optional() })),
});
