import { z } from 'zod';
import { visibleTypes } from '../schemas/feed-query.js';
import { statuses } from '../schemas/list-query.js';
import { failureCodes, fieldWords, imageTypes, problemWords, statusReasonCodes } from './words.js';

const time = z.iso.datetime();
const micros = z.string().regex(/^\d+$/).meta({ description: 'Millionths of the currency’s unit.' });
const charge = z
  .enum(['none', 'possible', 'certain'])
  .meta({ description: 'Whether the vendor billed for it, as far as is known.' });
const links = z.strictObject({ self: z.string(), events: z.string(), cancel: z.string() });
const generationStatus = z.enum(statuses).meta({ id: 'GenerationStatus' });

export const problemSchema = z
  .strictObject({
    type: z.string().meta({ description: 'Page of this kind of error.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(problemWords).meta({ description: 'Stable; for programs.' }),
    retryable: z.boolean(),
    trace_id: z.string().nullable(),
    errors: z.array(
      z.strictObject({
        pointer: z.string().meta({ description: 'RFC 6901, into the body, or into what `in` names.' }),
        in: z.literal('query').optional().meta({ description: 'Absent: the body.' }),
        code: z.enum(fieldWords),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' });

export const artifactSchema = z
  .strictObject({
    id: z.string(),
    index: z.int(),
    media_type: z.enum(imageTypes),
    width: z.int(),
    height: z.int(),
    bytes: z.int(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    placeholder: z.string().nullable().meta({ description: 'thumbhash, base64.' }),
    content_url: z.string().meta({ description: 'Signed and short-lived; works without a key.' }),
    thumbnail_url: z.string().nullable(),
  })
  .meta({ id: 'Artifact', description: 'A verified image.' });

export const generationSchema = z
  .strictObject({
    id: z.string(),
    run: z.int(),
    version: z.int(),
    status: generationStatus,
    status_reason: z
      .strictObject({ code: z.enum(statusReasonCodes), message: z.string(), until: time.optional() })
      .nullable()
      .meta({ description: 'What it waits for.' }),
    prompt: z.string().nullable().meta({ description: 'Null once erased.' }),
    model: z.string(),
    requested: z.strictObject({
      size: z.string(),
      count: z.int(),
      seed: z.int(),
      output_format: z.enum(['png', 'jpeg', 'webp']),
    }),
    progress: z.strictObject({
      percent: z.number().nullable(),
      queue_position: z.int().nullable(),
      usual_seconds: z.strictObject({ p50: z.number(), p95: z.number() }).nullable(),
    }),
    attempts: z.int(),
    created_at: time,
    updated_at: time,
    finished_at: time.nullable(),
    artifacts: z.array(artifactSchema),
    error: z
      .strictObject({ code: z.enum(failureCodes), message: z.string(), retryable: z.boolean(), charge })
      .nullable(),
    charge: charge.nullable(),
    cost: z.strictObject({
      currency: z.string().nullable(),
      estimated_micros: micros.nullable(),
      actual_micros: micros.nullable(),
    }),
    metadata: z.record(z.string(), z.string()),
    trace_id: z.string().nullable(),
    links: links.extend({
      trace: z.string().nullable().meta({ description: 'Where its trace is looked at.' }),
    }),
  })
  .meta({ id: 'Generation' });

export const generationEnvelope = z.strictObject({ data: generationSchema }).meta({ id: 'GenerationAnswer' });

export const acceptedEnvelope = z
  .strictObject({
    data: z.strictObject({ id: z.string(), status: z.literal('queued'), created_at: time, links }),
  })
  .meta({ id: 'AcceptedAnswer' });

export const generationPage = z
  .strictObject({ data: z.array(generationSchema), next: z.string().nullable() })
  .meta({ id: 'GenerationPage' });

const count = z.int().min(0);

export const countsEnvelope = z
  .strictObject({
    data: z.strictObject({
      queued: count,
      processing: count,
      verifying: count,
      succeeded: count,
      failed: count,
      canceled: count,
      total: count,
    }),
  })
  .meta({ id: 'GenerationCounts', description: 'May be a moment behind the generations themselves.' });

const eventSchema = z
  .strictObject({
    id: z.string(),
    type: z.enum(visibleTypes),
    version: z.int(),
    run: z.int(),
    time,
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'HistoryEvent' });

/** A message of an event stream, whose data is a JSON text. */
const messageOf = (data: string) => ({
  id: z.string().meta({ description: 'For Last-Event-ID.' }),
  data: z.string().meta({
    contentMediaType: 'application/json',
    contentSchema: { $ref: `#/components/schemas/${data}` },
  }),
});

export const historyMessageSchema = z
  .strictObject({ event: z.literal('message').optional(), ...messageOf('HistoryEvent') })
  .meta({ id: 'HistoryMessage' });

export const feedMessageSchema = z
  .strictObject({ event: z.enum(['message', 'resync']).optional(), ...messageOf('FeedLine') })
  .meta({
    id: 'FeedMessage',
    description:
      'The id is a cursor. `resync`: the cursor that the client sent was of no use; it reads the resources again and goes on from here.',
  });

export const historyEnvelope = z.strictObject({ data: z.array(eventSchema) }).meta({ id: 'History' });

const feedEventSchema = eventSchema
  .extend({ cursor: z.string(), generation: z.string() })
  .meta({ id: 'FeedEvent', description: 'One event of the tenant’s stream; `cursor` resumes after it.' });

/** What a reader is told in place of events when its cursor was of no use. */
const resyncSchema = z.strictObject({ type: z.literal('resync'), cursor: z.string() }).meta({ id: 'Resync' });

/** One line of the tenant's stream as NDJSON. */
export const feedLineSchema = z.union([feedEventSchema, resyncSchema]).meta({ id: 'FeedLine' });

export const artifactEnvelope = z
  .strictObject({ data: artifactSchema.extend({ generation: z.string() }) })
  .meta({ id: 'ArtifactAnswer' });

export const modelsEnvelope = z
  .strictObject({
    data: z.array(
      z.strictObject({
        id: z.string(),
        title: z.string(),
        default: z.boolean(),
        limits: z.strictObject({
          min_side: z.int(),
          max_side: z.int(),
          sizes: z.array(z.string()).nullable(),
          side_step: z.int().nullable(),
          max_pixels: z.int().nullable(),
          max_count: z.int(),
          max_prompt_length: z.int(),
          output_formats: z.array(z.enum(['png', 'jpeg', 'webp'])),
        }),
        usual_seconds: z.strictObject({ p50: z.number(), p95: z.number() }),
        price: z.strictObject({ currency: z.string(), micros_per_image: micros }),
      }),
    ),
    routes: z.array(
      z.strictObject({
        name: z.string(),
        models: z.array(z.string()),
        // What makes them stand for one another, in the operator's words.
        equivalence: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Models' });

/** Whose shape is the vendor's. */
export const notificationSchema = z.looseObject({}).meta({ id: 'VendorNotification' });

export const liveSchema = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Live' });
export const readySchema = z.looseObject({ status: z.literal('ok') }).meta({ id: 'Ready' });
