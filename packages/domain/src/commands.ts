import type {
  AttemptEnd,
  FailureClass,
  GenerationEventData,
  RejectionReason,
  UnknownCause,
} from '@darkroom/contract';
import type { GenerationEvent } from './event.js';
import type { Money } from './money.js';
import type { RetryPolicy } from './retry.js';
import type { SubmissionContract } from './submission-contract.js';

export type Evidence = NonNullable<GenerationEventData['SubmissionOutcomeUnknown']['evidence']>;
export type ProducedOutput = GenerationEventData['OutputsProduced']['outputs'][number];
export type OutputLink = GenerationEventData['OutputsProduced']['links'][number];

/** What was learned of one attempt, from whichever source: the submit's answer, a poll, a look-up, a webhook, a staged answer. */
export type VendorNews =
  | {
      readonly kind: 'accepted';
      readonly jobId: string;
      /** Where the vendor said that it is asked for, if it did. */
      readonly jobUrl?: string;
      readonly queuePosition?: number | null;
      readonly cost?: Money;
      readonly evidence?: Evidence;
    }
  | {
      readonly kind: 'running';
      readonly jobId: string;
      readonly percent: number | null;
      readonly queuePosition: number | null;
      readonly vendorStatus: string;
      readonly evidence?: Evidence;
    }
  | {
      readonly kind: 'produced';
      /** Null where the vendor gives none. */
      readonly jobId: string | null;
      readonly outputs: readonly ProducedOutput[];
      readonly links: readonly OutputLink[];
      readonly cost?: Money;
      readonly evidence?: Evidence;
    }
  | {
      readonly kind: 'ended';
      readonly jobId: string | null;
      readonly end: Exclude<
        AttemptEnd,
        'ATTEMPT_END_UNSPECIFIED' | 'ATTEMPT_END_REFUSED' | 'ATTEMPT_END_NOT_SENT'
      >;
      readonly failureClass: FailureClass;
      readonly vendorCode: string;
      readonly vendorMessage: string;
      /** The vendor bills nothing for it, whatever its contract says of failures. */
      readonly isFree?: true;
      readonly evidence?: Evidence;
    }
  /** A definite refusal of the first send. */
  | {
      readonly kind: 'refused';
      readonly failureClass: FailureClass;
      readonly vendorCode: string;
      readonly vendorMessage: string;
      readonly retryAfterSeconds: number | null;
      readonly evidence?: Evidence;
    }
  /** Known of our own: no byte of the first send left. */
  | { readonly kind: 'not_sent'; readonly failureClass: FailureClass; readonly reason: string }
  | { readonly kind: 'unknown'; readonly cause: UnknownCause; readonly evidence?: Evidence }
  /** A whole listing, asked for at `lookedUpAt` (milliseconds), does not name the attempt's reference. */
  | { readonly kind: 'absent'; readonly lookedUpAt: number; readonly evidence?: Evidence };

interface OpsCommand {
  readonly now: number;
  readonly reason: string;
  /** The decision version that the operator saw. */
  readonly expectedDecisionVersion: number;
}

/** Everything that can be asked of a generation. `now` is milliseconds since the epoch. */
export type Command =
  | {
      readonly type: 'start-submission';
      readonly now: number;
      readonly account: string;
      readonly model: string;
      readonly reference: string;
      readonly seed: number;
      readonly sendBy: number;
      readonly estimatedCost: Money;
      /** It shows whether a held-back account is taken again: where it is refused, no try is spent. */
      readonly isProbe: boolean;
    }
  | {
      readonly type: 'hear';
      readonly now: number;
      readonly attempt: number;
      readonly news: VendorNews;
      readonly contract: SubmissionContract;
      readonly random: number;
      readonly policy?: RetryPolicy;
    }
  | {
      readonly type: 'repeat-submission';
      readonly now: number;
      readonly attempt: number;
      readonly sendBy: number;
      readonly contract: SubmissionContract;
    }
  /** An open question is left for another submit, by its account's written policy. */
  | {
      readonly type: 'give-up';
      readonly now: number;
      readonly attempt: number;
      readonly contract: SubmissionContract;
      readonly random: number;
      readonly reason: string;
      readonly policy?: RetryPolicy;
    }
  /** Whatever time alone brings about. `contract` is that of the current attempt's model. */
  | { readonly type: 'tick'; readonly now: number; readonly contract: SubmissionContract | null }
  | {
      readonly type: 'refresh-output';
      readonly attempt: number;
      readonly index: number;
      /** Null: the vendor has none any more. */
      readonly link: OutputLink | null;
    }
  | { readonly type: 'record-cost'; readonly attempt: number; readonly cost: Money; readonly source: string }
  | {
      readonly type: 'store-artifact';
      readonly now: number;
      readonly artifact: Omit<GenerationEventData['ArtifactStored'], 'run'>;
    }
  | {
      readonly type: 'reject-artifact';
      readonly now: number;
      readonly attempt: number;
      readonly index: number;
      readonly reason: RejectionReason;
      readonly detail: string;
    }
  | { readonly type: 'conclude-storing'; readonly now: number }
  | {
      readonly type: 'cancel';
      readonly now: number;
      readonly by: 'REQUESTER_CLIENT';
      readonly reason: string;
    }
  | ({ readonly type: 'cancel'; readonly by: 'REQUESTER_OPERATOR' } & OpsCommand)
  | {
      readonly type: 'notify';
      readonly attempt: number;
      /** Whose webhook it is, by the address that it came to and the signature that was judged by. */
      readonly vendor: string;
      readonly notificationId: string;
      readonly bodySha256: string;
      readonly signed: boolean;
      /** As it came; null: it is in the object store. */
      readonly body: string | null;
      /** Where it is there, else empty. */
      readonly stagingKey: string;
    }
  | { readonly type: 'erase'; readonly reason: string }
  | ({
      readonly type: 'retry';
      /** Another model of the route, else null. */
      readonly model: string | null;
      /** Leave the running attempt. */
      readonly abandon: boolean;
      readonly acceptDoubleCharge: boolean;
    } & OpsCommand)
  | ({ readonly type: 'fail' } & OpsCommand)
  | ({
      readonly type: 'resolve';
      readonly attempt: number;
      readonly outcome: 'found' | 'not_there' | 'given_up';
      readonly jobId: string | null;
      readonly acceptDoubleCharge: boolean;
    } & OpsCommand)
  | ({ readonly type: 'adopt'; readonly attempt: number; readonly jobId: string | null } & OpsCommand)
  | ({ readonly type: 'extend'; readonly deadline: number } & OpsCommand)
  | { readonly type: 'mark-stalled'; readonly since: number };

/** Why a command is not carried out: each a race or a mistake that can happen. */
export type RefusalReason =
  | 'unknown_attempt'
  | 'nothing_new'
  | 'not_now'
  | 'ending'
  | 'past_deadline'
  | 'already_final'
  | 'not_final'
  | 'too_late'
  | 'already_asked'
  | 'already_erased'
  | 'stale_decision'
  | 'double_charge_not_accepted'
  | 'resolve_first'
  | 'was_accepted'
  | 'absence_not_proven'
  | 'job_id_missing'
  /** Another attempt of this generation has it. */
  | 'job_id_taken'
  | 'out_of_scope'
  | 'not_forward'
  | 'unknown_model'
  | 'too_many';

export type Decision =
  | { readonly kind: 'events'; readonly events: readonly [GenerationEvent, ...GenerationEvent[]] }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

export const refused = (reason: RefusalReason): Decision => ({ kind: 'refused', reason });

/** A decision of events; none of them means that there was nothing to say. */
export function emitted(events: readonly GenerationEvent[]): Decision {
  const [first, ...rest] = events;
  return first === undefined ? refused('nothing_new') : { kind: 'events', events: [first, ...rest] };
}

export type Hear = Extract<Command, { type: 'hear' }>;
export type NewsOf<K extends VendorNews['kind']> = Extract<VendorNews, { kind: K }>;
export type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;
