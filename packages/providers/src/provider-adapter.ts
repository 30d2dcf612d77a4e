import type { FailureClass } from '@darkroom/contract';
import type { Money } from '@darkroom/domain';
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
  /** What that webhook is to be signed with, where the vendor is told so with each submit. */
  webhookSecret?: string;
  /** From now to the end of the run: where the vendor can be told, a job that we lost ends by itself. */
  deadlineSeconds: number;
}

/** What is known of a submit whose fate is not: everything that a listing may name it by. */
export interface LostSubmit extends Omit<SubmitInput, 'deadlineSeconds'> {
  /** When the submit was decided on, milliseconds since the epoch. */
  startedAt: number;
  /**
   * Whether a webhook's address names this very attempt. Undefined: it is no address of ours, and says nothing. Settings may have
   * changed since the submit, so that it need not be `webhookUrl`.
   */
  names: (webhook: string) => boolean | undefined;
}

/**
 * A request for the egress client to send. Built from its input alone: the same input gives the same bytes, so that a
 * keyed repeat is byte for byte the first send. Credentials are added by `authorize`.
 */
export interface VendorRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Which of the vendor's other addresses; absent: the account's base URL. */
  at?: string;
  /** Path and query, appended to the account's base URL. */
  path: string;
  /** The whole address instead, as the vendor named it; used only where it is the vendor's or the account's own. */
  url?: string;
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
  /** A link may be relative to the account's base URL (RFC 3986). */
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
  | {
      kind: 'produced';
      outputs: VendorOutput[];
      dropped: number;
      /** As the vendor bills it, where it says. */
      cost?: Money;
    }
  | ({
      kind: 'failed';
      end: 'ATTEMPT_END_VENDOR_FAILED' | 'ATTEMPT_END_MODERATED';
      /** The vendor bills nothing for it, whatever the sheet says of failures. */
      isFree?: true;
    } & Omit<VendorError, 'retryAfterSeconds'>)
  | {
      kind: 'canceled';
      /** As of a failure. */
      isFree?: true;
    };

/** What the answer to a submit says. Only `refused` proves that there is no job and no charge. */
export type SubmitAnswer =
  | {
      kind: 'accepted';
      jobId: string;
      queuePosition: number | null;
      /** Where the vendor says that the job is asked for, if it does. */
      jobUrl?: string;
      /** As the vendor bills it, where it says so by now. */
      cost?: Money;
    }
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
  /** It takes another question to know: what to ask, and how to read the answer. */
  | { kind: 'ask'; request: VendorRequest; read: (answer: VendorAnswer, now: number) => PollAnswer }
  | Unreadable;

/** The job that was asked for. */
export interface AskedJob {
  model: string;
  jobId: string;
}

/** What the answer to a look-up by reference says. */
export type LookupAnswer =
  | { kind: 'found'; jobs: { jobId: string; state: JobState }[] }
  /** There is more of the listing: what this part names, how to ask for the next, and how to read that where it is of another kind. */
  | {
      kind: 'page';
      jobs: { jobId: string; state: JobState }[];
      /** Whether all of this part could be read. */
      isWhole: boolean;
      next: VendorRequest;
      read?: (answer: VendorAnswer, now: number) => LookupAnswer;
    }
  /** The listing is whole and does not name it: weak evidence or proof, the sheet says which. */
  | { kind: 'absent' }
  | ({ kind: 'error' } & VendorError)
  | Unreadable;

/** Webhooks that carry no pictures are far smaller. */
export const usualWebhookBytes = 256 * 1024;

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
  /** The vendor's own address, without a trailing slash; absent where it is wherever its owner runs it. */
  baseUrl?: string;
  /** Other addresses of the vendor's, by the name that requests give them. */
  otherBaseUrls?: Readonly<Record<string, string>>;
  /** Sheets by the vendor's own model name. */
  models: Readonly<Record<string, CapabilitySheet>>;
  /** All of its hosts are below this domain: where it names an address there, the credential may be said to it. */
  ownDomain?: string;
  /** Servers of one's own that let everybody in. */
  needsNoCredential?: true;
  /** Headers that carry the account's credential; it may be empty only where none is needed. */
  authorize(credential: string): Record<string, string>;
  submit(input: SubmitInput): VendorRequest;
  readSubmit(model: string, answer: VendorAnswer, now: number): SubmitAnswer;
  /** Seconds for which the account should be left alone, as the headers of a submit's answer say, whatever the answer; undefined: none. */
  restAfter?: (answer: VendorAnswer) => number | undefined;
  /** Undefined where nothing can be asked for. `jobUrl`: where the vendor said that it is, if it did. */
  poll(model: string, jobId: string, jobUrl?: string): VendorRequest | undefined;
  readPoll(answer: VendorAnswer, asked: AskedJob, now: number): PollAnswer;
  /** Where the vendor tells of several jobs in one answer, which `readPoll` reads for each; what it does not tell of is asked for alone. */
  pollTogether?: {
    /** Jobs of one question. */
    most: number;
    request(jobs: readonly [AskedJob, ...AskedJob[]]): VendorRequest;
    /** It is the question that is asked for one alone: what is missing in its answer is missing. */
    isSameQuestion?: true;
  };
  /** Undefined where the model lists nothing. */
  lookup(lost: LostSubmit): VendorRequest | undefined;
  readLookup(answer: VendorAnswer, lost: LostSubmit, now: number): LookupAnswer;
  /** Undefined where nothing can be canceled. */
  cancel(model: string, jobId: string, jobUrl?: string): VendorRequest | undefined;
  /** The job as it stands after the vendor was asked; `open` means that its end is still to come. */
  readCancel(answer: VendorAnswer, asked: AskedJob, now: number): PollAnswer;
  /** What a recorded webhook says of its job; undefined: it cannot be read. Whether to believe it is the caller's question. */
  readNotification(rawBody: Uint8Array): WebhookNews | undefined;
  /** Whether this is a secret that the vendor signs with; absent: it signs with none that are configured. */
  isWebhookSecret?: (secret: string) => boolean;
  /** It is told with each submit what to sign that webhook with: `SubmitInput.webhookSecret`. */
  webhookSecretPerAttempt?: true;
  /** Nothing else tells how a job ends: an account without webhooks would never know. */
  webhooksDecide?: true;
  /** Bodies of its webhooks, at most; absent: `usualWebhookBytes`. */
  maxWebhookBytes?: number;
  /** Any of the secrets may have signed, so that they can be rotated. */
  verifyWebhook(delivery: WebhookDelivery, secrets: readonly string[], now: number): WebhookVerdict;
  /** Where webhooks are signed with a key pair: the document that publishes the keys, and what it says they are. */
  webhookKeys?: { at: string; path: string; read: (body: Uint8Array) => string[] };
}
