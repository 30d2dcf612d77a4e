import { z } from 'zod';

const seconds = z.number().min(0).max(86_400);

/** What becomes of a submit that is otherwise in order. The first five take it, and charge. */
export const mishaps = [
  'accept-then-drop',
  'accept-then-hang',
  'accept-then-502-html',
  'accept-then-garbage-json',
  'accept-then-cut-body',
  'drop-before-accept',
] as const;
export type Mishap = (typeof mishaps)[number];

/** How an output comes that does not come as it should. */
export const spoiltOutputs = [
  '403',
  '404',
  '410',
  'wrong-type',
  'truncated',
  'html',
  'bomb',
  'redirect-elsewhere',
  'redirect-loopback',
  'slow',
] as const;

/** Everything that a double can be told to do wrong; what is absent goes well. */
export const controlsSchema = z.strictObject({
  submit: z
    .strictObject({
      mishap: z.enum(mishaps).optional(),
      /** Of the submits that come: how many more it befalls; absent: all. */
      times: z.number().int().min(0).optional(),
      /** And which part of those. */
      chance: z.number().min(0).max(1).default(1),
      /** Which of them, then, goes by this and how many submits have come: the same in every run. Absent: by luck. */
      seed: z.number().int().min(0).max(0xffff_ffff).optional(),
      /** Only those that carry this text, such as a part of a prompt. */
      about: z.string().optional(),
    })
    .prefault({}),
  /** Refused before anything else is looked at, in the vendor's own words for this status. */
  refuse: z
    .strictObject({
      status: z.number().int().min(400).max(599),
      /** Which of the vendor's reasons for that status, where it has several. */
      reason: z.string().optional(),
      retryAfter: z.string().optional(),
      times: z.number().int().min(0).optional(),
      /** Only what carries this text, such as a part of a prompt. */
      about: z.string().optional(),
      /** Of polls, or of what comes after them, instead of submits. */
      of: z.enum(['submit', 'poll', 'result']).default('submit'),
    })
    .optional(),
  job: z
    .strictObject({
      seconds: seconds.default(0.2),
      end: z.enum(['succeeded', 'failed', 'moderated', 'stuck', 'nothing']).default('succeeded'),
      /** What a failed one says of itself. */
      error: z.string().optional(),
      /** A status word instead of the one for a running job. */
      word: z.string().optional(),
    })
    .prefault({}),
  answers: z
    .strictObject({
      extraFields: z.boolean().default(false),
      /** Numbers as text, null where there is nothing, and things that nobody expects there. */
      oddTypes: z.boolean().default(false),
      withoutOptional: z.boolean().default(false),
      logBytes: z.number().int().min(0).default(0),
      /** So many polls of each job are answered with 404 before it is found. */
      notFoundFirst: z.number().int().min(0).default(0),
    })
    .prefault({}),
  list: z
    .strictObject({
      lagSeconds: seconds.default(0),
      hidesRunning: z.boolean().default(false),
      /** As after its retention: the jobs are there, what was asked is not. */
      withoutInputs: z.boolean().default(false),
      pageSize: z.number().int().min(1).default(100),
    })
    .prefault({}),
  webhook: z
    .strictObject({
      send: z.boolean().default(true),
      duplicate: z.boolean().default(false),
      beforeStart: z.boolean().default(false),
      /** One comes before the answer to the submit. */
      early: z.boolean().default(false),
      delaySeconds: seconds.default(0),
      wrongSignature: z.boolean().default(false),
      /** Before the one of the end somebody else sends the same: with another signature, and to another address. */
      forged: z.boolean().default(false),
      oldTimestamp: z.boolean().default(false),
      wrongJob: z.boolean().default(false),
    })
    .prefault({}),
  cancel: z.enum(['works', 'refused', 'ignored']).default('works'),
  output: z
    .strictObject({
      spoilt: z.enum(spoiltOutputs).optional(),
      times: z.number().int().min(0).optional(),
      /** In the answer itself, as a data URL. */
      inline: z.boolean().default(false),
    })
    .prefault({}),
  limit: z
    .strictObject({
      concurrent: z.number().int().positive().optional(),
      perSecond: z.number().positive().optional(),
      /** Answers say that nothing is left for so long, in the vendor's own words. */
      restFor: z.string().optional(),
    })
    .prefault({}),
});

export type Controls = z.infer<typeof controlsSchema>;
export type ControlsInput = z.input<typeof controlsSchema>;
