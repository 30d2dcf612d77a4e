import { z } from 'zod';

const limit = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 100')
  .transform(Number)
  .refine((value) => value >= 1 && value <= 100, 'must be a whole number from 1 to 100')
  .default(20);
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const word = z.string().min(1).max(255);
/** Why an operator does it: kept in the audit, and with the event where there is one. */
const reason = z.string().trim().min(1, 'must say why').max(1_000);

/** GET /ops/v1/audit */
export const auditQuery = z.strictObject({ limit, after: z.uuid().optional(), generation: word.optional() });
export type AuditQueryParams = z.output<typeof auditQuery>;

/** GET /ops/v1/unresolved, /orphans */
export const pageQuery = z.strictObject({ limit, after: word.optional() });
export type PageQueryParams = z.output<typeof pageQuery>;

/** GET /ops/v1/parked */
export const parkedQuery = z.strictObject({ limit, consumer: word.optional() });
export type ParkedQueryParams = z.output<typeof parkedQuery>;

/** POST /ops/v1/parked/replay */
export const replayBody = z
  .strictObject({
    reason,
    /** Most streams to try: one that fails again costs its consumer a try. */
    cap: z.int().min(1).max(1_000),
    preview: z.boolean().default(false),
    consumer: word.optional(),
    generation: word.optional(),
    type: word.optional(),
    /** Name or code of the error that they were parked for. */
    error: word.optional(),
    parked_before: time.optional(),
  })
  .meta({ id: 'Replay' });
export type ReplayBody = z.output<typeof replayBody>;

/** POST /ops/v1/read-models/rebuilds */
export const rebuildBody = z.strictObject({ reason }).meta({ id: 'Rebuild' });
export type RebuildBody = z.output<typeof rebuildBody>;

/** GET /ops/v1/generations */
export const searchQuery = z.strictObject({
  limit,
  after: word.optional(),
  id: word.optional(),
  tenant: word.optional(),
  status: z.enum(['queued', 'processing', 'verifying', 'succeeded', 'failed', 'canceled']).optional(),
  state: z
    .enum([
      'requested',
      'waiting',
      'submitting',
      'unresolved',
      'processing',
      'storing',
      'succeeded',
      'failed',
      'canceled',
    ])
    .optional(),
  provider: word.optional(),
  model: word.optional(),
  error_code: word.optional(),
  vendor_job_id: word.optional(),
  trace_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits')
    .optional(),
  text: word.optional(),
  created_after: time.optional(),
  created_before: time.optional(),
});
export type SearchQueryParams = z.output<typeof searchQuery>;

const intervention = {
  reason,
  /** The decision version that the operator saw. */
  expected_version: z.int().min(1),
};

/** Bodies of POST /ops/v1/generations/{id}/… */
export const interventionBodies = {
  retry: z
    .strictObject({
      ...intervention,
      model: z.string().min(1).max(255).optional(),
      abandon: z.boolean().default(false),
      accept_double_charge: z.boolean().default(false),
    })
    .meta({ id: 'Retry' }),
  cancel: z.strictObject(intervention).meta({ id: 'Cancel' }),
  fail: z.strictObject(intervention).meta({ id: 'Fail' }),
  resolve: z
    .strictObject({
      ...intervention,
      attempt: z.int().min(1),
      outcome: z.enum(['found', 'not_there', 'given_up']),
      job_id: z.string().min(1).max(512).optional(),
      accept_double_charge: z.boolean().default(false),
    })
    .refine((body) => body.outcome !== 'found' || body.job_id !== undefined, {
      path: ['job_id'],
      message: 'is needed where a job was found',
    })
    .meta({ id: 'Resolve' }),
  adopt: z
    .strictObject({ ...intervention, attempt: z.int().min(1), job_id: z.string().min(1).max(512).optional() })
    .meta({ id: 'Adopt' }),
  extend: z.strictObject({ ...intervention, deadline: time }).meta({ id: 'Extend' }),
} as const;

/** PATCH /ops/v1/providers/{id} */
export const accountBody = z
  .strictObject({
    reason,
    /** The decision version that the operator saw. */
    expected_version: z.int().min(1),
    /** What is absent stays as it is; null: no limit. */
    limits: z
      .union([
        z.literal('as_configured'),
        z.strictObject({
          concurrent: z.int().min(0).max(10_000).optional(),
          submits_per_second: z.number().min(0.001).max(10_000).nullable().optional(),
          burst: z.int().min(1).max(10_000).optional(),
          spend_per_day_micros: z.int().min(1).nullable().optional(),
        }),
      ])
      .optional(),
    /** Whether what nobody could settle in time is submitted once more, at the risk of a second charge. */
    policy: z.strictObject({ resubmit_unknown: z.boolean() }).optional(),
    /** Pause: no submit from now on. Resume: whatever holds it back ends, also what the vendor or the breaker does. */
    submits: z.enum(['pause', 'resume']).optional(),
  })
  .refine(({ limits, policy, submits }) => (limits ?? policy ?? submits) !== undefined, {
    message: 'must say limits, policy or submits',
  })
  .meta({ id: 'ProviderAccountChange' });
export type AccountBody = z.output<typeof accountBody>;

/** What an operator can do to one generation. */
export type InterventionName = keyof typeof interventionBodies;

/** A checked intervention, by name. */
export type Intervention = {
  [N in InterventionName]: { readonly action: N } & z.output<(typeof interventionBodies)[N]>;
}[InterventionName];
