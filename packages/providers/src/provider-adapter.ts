import type { FailureClass } from '@darkroom/contract';
import type { CapabilitySheet, ImageFormat } from './capability-sheet.js';

/** One submission, as the gateway wants it made. */
export interface SubmitInput {
  /** The vendor's own name of the model. */
  model: string;
  prompt: string;
  width: number;
  height: number;
  count: number;
  seed: number;
  format: ImageFormat;
  /** The attempt's reference: travels as reference or key, where the model takes one. */
  reference: string;
  /** Carries the attempt's token; left out where there is none. */
  webhookUrl?: string;
}

/**
 * A request for the egress client to send. Built from its input alone: the same input gives the same bytes, so that a
 * keyed repeat is byte for byte the first send. Credentials are added by `authorize`.
 */
export interface VendorRequest {
  method: 'GET' | 'POST';
  /** Path and query, appended to the account's base URL. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  maxAnswerBytes: number;
}

/** A whole answer, as the egress client read it. */
export interface VendorAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Uint8Array;
}

/** The vendor's words, bounded and without control characters. */
export interface VendorError {
  failureClass: FailureClass;
  /** At most 100 characters. */
  vendorCode: string;
  /** At most 500 characters. */
  vendorMessage: string;
  /** Clamped to 0..300; null where the vendor named none that makes sense. */
  retryAfterSeconds: number | null;
}

/** One image that the vendor says it made. */
export interface VendorOutput {
  index: number;
  source: { kind: 'link'; url: string } | { kind: 'inline'; bytes: Uint8Array };
  /** Lower-case hex, empty where the vendor gives none. */
  sha256: string;
  /** 0 where the vendor gives none. */
  bytes: number;
  /** As declared, empty where it is not. */
  mediaType: string;
}

/** Something that cannot be read: on a submit it proves nothing. */
export interface Unreadable {
  kind: 'unreadable';
  /** Why, in our own words. */
  reason: string;
}

/** How a job stands, as the vendor tells it. */
export type JobState =
  | {
      kind: 'open';
      stage: 'queued' | 'running';
      percent: number | null;
      queuePosition: number | null;
      /** The vendor's own word; an unknown one still means that the job runs. */
      vendorStatus: string;
      /** False where the word is none that the vendor documents: counted. */
      statusKnown: boolean;
    }
  | { kind: 'produced'; outputs: VendorOutput[]; dropped: number }
  | ({ kind: 'failed'; end: 'ATTEMPT_END_VENDOR_FAILED' | 'ATTEMPT_END_MODERATED' } & Omit<
      VendorError,
      'retryAfterSeconds'
    >)
  | { kind: 'canceled' };

/** What the answer to a submit says. Only `refused` proves that there is no job and no charge. */
export type SubmitAnswer =
  | { kind: 'accepted'; jobId: string; queuePosition: number | null }
  /** The answer is already the job's end: the models that reply after the work. */
  | { kind: 'ended'; jobId: string | null; state: Exclude<JobState, { kind: 'open' }> }
  | ({ kind: 'refused' } & VendorError)
  /** The key or reference was used before: a job may exist, look it up. */
  | { kind: 'duplicate'; vendorCode: string; vendorMessage: string }
  /** The vendor answered, yet neither accepted nor definitely refused. */
  | Unreadable;

/** What the answer to a poll or a cancel says. */
export type PollAnswer =
  | { kind: 'job'; jobId: string; reference: string | null; state: JobState }
  | { kind: 'not_found' }
  | ({ kind: 'error' } & VendorError)
  | Unreadable;

/** What the answer to a look-up by reference says. */
export type LookupAnswer =
  | { kind: 'found'; jobs: { jobId: string; state: JobState }[] }
  /** The listing is whole and does not name it: weak evidence or proof, the sheet says which. */
  | { kind: 'absent' }
  | ({ kind: 'error' } & VendorError)
  | Unreadable;

/** An inbound webhook as it arrived. */
export interface WebhookDelivery {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  rawBody: Uint8Array;
}

export type WebhookRefusal =
  'headers_missing' | 'timestamp_out_of_range' | 'signature_mismatch' | 'unreadable';

/** What a webhook tells of a job. */
export interface WebhookNews {
  jobId: string;
  reference: string | null;
  state: JobState;
}

export type WebhookVerdict =
  ({ kind: 'verified'; notificationId: string } & WebhookNews) | { kind: 'refused'; reason: WebhookRefusal };

/**
 * One vendor: how it is spoken to and what its answers mean. Pure: no I/O, clock or randomness, so that intake, gateway
 * and tests can all use it. Nothing in here sends, waits or retries.
 */
export interface ProviderAdapter {
  vendor: string;
  /** Sheets by the vendor's own model name. */
  models: Readonly<Record<string, CapabilitySheet>>;
  /** Headers that carry the account's credential. */
  authorize(credential: string): Record<string, string>;
  submit(input: SubmitInput): VendorRequest;
  readSubmit(model: string, answer: VendorAnswer, now: number): SubmitAnswer;
  poll(model: string, jobId: string): VendorRequest;
  readPoll(answer: VendorAnswer, expectedJobId: string, now: number): PollAnswer;
  /** Undefined where the model lists nothing. */
  lookup(model: string, reference: string): VendorRequest | undefined;
  readLookup(answer: VendorAnswer, reference: string, now: number): LookupAnswer;
  /** Undefined where nothing can be canceled. */
  cancel(model: string, jobId: string): VendorRequest | undefined;
  /** The job as it stands after the vendor was asked; `open` means that its end is still to come. */
  readCancel(answer: VendorAnswer, expectedJobId: string, now: number): PollAnswer;
  /** What a recorded webhook says of its job; undefined: it cannot be read. Whether to believe it is the caller's question. */
  readNotification(rawBody: Uint8Array): WebhookNews | undefined;
  /** Any of the secrets may have signed, so that they can be rotated. */
  verifyWebhook(delivery: WebhookDelivery, secrets: readonly string[], now: number): WebhookVerdict;
}
