import { z } from 'zod';

const probability = z.number().min(0).max(1);

/** HTTP status -> probability; together at most 1. */
const statusOdds = z
  .record(z.string().regex(/^[45]\d\d$/, 'a 4xx or 5xx status'), probability)
  .refine(
    (odds) => Object.values(odds).reduce((sum, odd) => sum + odd, 0) <= 1 + 1e-9,
    'probabilities sum to more than 1',
  );

const seconds = z.number().min(0).max(86_400);

/**
 * Everything that can go wrong, all of it absent by default. Numbers are probabilities, drawn for each request, unless
 * the name says otherwise (…seconds, concurrent, per_second, seed).
 */
export const faultsSchema = z.strictObject({
  submit: z
    .strictObject({
      /** Accepted, then the socket is destroyed without an answer. */
      drop_reply: probability.default(0),
      /** The socket is destroyed, nothing was accepted. */
      drop_before_accept: probability.default(0),
      /** The request lies here so long before it is accepted, whether its sender still waits or not. */
      accept_delay_seconds: seconds.default(0),
      status: statusOdds.default({}),
      /** Sent as it is with 429 and 503: seconds, a date, or nonsense. */
      retry_after: z.string().max(200).optional(),
      /** Accepted, never answered. */
      hang: probability.default(0),
      /** Accepted, answered with something that cannot be read. */
      malformed: probability.default(0),
    })
    .prefault({}),
  list: z
    .strictObject({
      /** A job is not listed in its first seconds. */
      lag_seconds: seconds.default(0),
      omit: probability.default(0),
    })
    .prefault({}),
  key: z
    .strictObject({
      /** The key or reference is used up, no job comes of it. */
      claimed_without_job: probability.default(0),
      /** How long a key is known: for ever, while its job runs, or so many seconds. */
      scope: z.union([z.enum(['forever', 'in_flight']), z.number().positive()]).default('forever'),
    })
    .prefault({}),
  poll: z
    .strictObject({
      status: statusOdds.default({}),
      drop_reply: probability.default(0),
      hang: probability.default(0),
      /** One answer tells an earlier status. */
      backwards: probability.default(0),
      /** One answer is 404. */
      not_found: probability.default(0),
      /** Of jobs, not of requests: the job runs for ever. */
      stuck: probability.default(0),
    })
    .prefault({}),
  output: z
    .strictObject({
      status: statusOdds.default({}),
      truncate: probability.default(0),
      corrupt: probability.default(0),
      html: probability.default(0),
      wrong_type: probability.default(0),
      bomb: probability.default(0),
      endless: probability.default(0),
      redirect_private: probability.default(0),
      /** Of links, not of requests: a fresh link may live. */
      expired: probability.default(0),
      slow: probability.default(0),
      /** Life of a link. */
      link_seconds: seconds.default(600),
    })
    .prefault({}),
  job: z
    .strictObject({
      /** Shortest and longest running time. */
      seconds: z
        .tuple([seconds, seconds])
        .refine(([shortest, longest]) => shortest <= longest, 'the first is larger than the second')
        .default([0.5, 2]),
      fail: probability.default(0),
      moderate: probability.default(0),
    })
    .prefault({}),
  webhook: z
    .strictObject({
      /** Of jobs with a webhook_url: one is sent when the job ends. */
      send: probability.default(0),
      duplicate: probability.default(0),
      /** One more comes, signed with a wrong key. */
      forge: probability.default(0),
      /** One more comes before the answer to the submit. */
      early: probability.default(0),
      delay_seconds: seconds.default(0),
      /** The one that was due gets lost. */
      lose: probability.default(0),
    })
    .prefault({}),
  limit: z
    .strictObject({
      /** Jobs that run at once; one more is refused with 429. */
      concurrent: z.number().int().positive().nullable().default(null),
      per_second: z.number().positive().nullable().default(null),
    })
    .prefault({}),
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
});

export type Faults = z.infer<typeof faultsSchema>;

/** Faults as they are given: what is absent goes well. */
export type FaultsInput = z.input<typeof faultsSchema>;

/** No fault at all. */
export const noFaults: Faults = faultsSchema.parse({});
