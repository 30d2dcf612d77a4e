import type {
  AttemptEnd,
  Charge,
  ErrorCode,
  FailureClass,
  OutputFormat,
  RejectionReason,
  Requester,
  UnknownCause,
} from '@darkroom/contract';
import type { Money } from './money.js';

/** Where a generation is. The order is that of a run that goes well. */
export const phases = [
  'requested',
  'waiting',
  'submitting',
  'unresolved',
  'processing',
  'storing',
  'succeeded',
  'failed',
  'canceled',
] as const;
export type Phase = (typeof phases)[number];

const finalPhases: readonly Phase[] = ['succeeded', 'failed', 'canceled'];

/** Whether the run has ended. */
export function isFinal(phase: Phase): boolean {
  return finalPhases.includes(phase);
}

/** Where one submission is. `unknown`, `not_there` and `given_up` may yet turn out to have been accepted. */
export type AttemptStatus =
  | 'started'
  | 'accepted'
  | 'unknown'
  | 'not_sent'
  | 'refused'
  | 'not_there'
  | 'given_up'
  | 'produced'
  | 'failed'
  | 'abandoned';

/** One submission to one account. Times are milliseconds since the epoch. */
export interface Attempt {
  /** Counts over the generation, from 1. */
  readonly number: number;
  /** The run in which it was started. */
  readonly run: number;
  readonly status: AttemptStatus;
  readonly charge: Charge;
  /** A person or a written policy accepts to pay again, whatever this attempt turns out to cost. */
  readonly secondChargeAccepted: boolean;
  /** By the written policy of its account, which holds for that account alone. */
  readonly givenUpByPolicy: boolean;
  /** As the vendor named it, else null. */
  readonly cost: Money | null;
  readonly estimatedCost: Money;
  readonly account: string;
  /** `<provider>/<model>`. */
  readonly model: string;
  readonly reference: string;
  readonly seed: number;
  readonly startedAt: number;
  /** No byte is sent after this; a repeat moves it. */
  readonly sendBy: number;
  /** It went to see whether the vendor takes anything: a refusal costs its run no try. */
  readonly isProbe: boolean;
  readonly vendorJobId: string | null;
  /** Where the vendor said that the job is asked for, else null. */
  readonly vendorJobUrl: string | null;
  /** The vendor once said that it took it: nothing can make it not there. */
  readonly everAccepted: boolean;
  readonly acceptedAt: number | null;
  readonly unknownSince: number | null;
  /** What tells most of what is on record. */
  readonly unknownCause: UnknownCause | null;
  /** End of the grace. */
  readonly settleUntil: number | null;
  readonly repeats: number;
  readonly percent: number | null;
  readonly queuePosition: number | null;
  readonly vendorStatus: string;
  /** How many ProgressReported there were. */
  readonly progressReports: number;
  readonly end: AttemptEnd | null;
  readonly failureClass: FailureClass | null;
  readonly endedAt: number | null;
  /** How many ProviderNotified there were. */
  readonly notifications: number;
  /** Sha256 of the bodies of those. */
  readonly notificationBodies: readonly string[];
}

/** A verified image. */
export interface StoredArtifact {
  /** UUID. */
  readonly id: string;
  readonly storageKey: string;
  readonly thumbnailKey: string;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  /** Decimal, as in the event. */
  readonly bytes: string;
  readonly sha256: string;
  readonly placeholder: string;
  readonly storedAt: number;
}

/** One output of the attempt whose images are being stored. Its link is secret and read from the events. */
export interface Output {
  readonly index: number;
  readonly status: 'pending' | 'stored' | 'given_up';
  readonly sha256: string;
  readonly bytes: string;
  readonly mediaType: string;
  readonly source: 'link' | 'staged' | 'missing';
  /** How often its link was replaced. */
  readonly refreshes: number;
  readonly rejections: number;
  readonly lastRejection: RejectionReason | null;
  /** The artifact service asked for a fresh link and waits. */
  readonly needsLink: boolean;
  readonly artifact: StoredArtifact | null;
}

/** Something the vendor made, or may bill for, that no generation uses. */
export interface Orphan {
  readonly attempt: number;
  readonly account: string;
  /** Empty where the vendor gives none. */
  readonly vendorJobId: string;
  readonly charge: Charge;
  readonly cost: Money;
  readonly reason: string;
  readonly adopted: boolean;
}

/**
 * A generation, folded from its stream. Plain JSON: it is kept as such. Times are milliseconds since the epoch.
 * It holds nothing that is personal or secret.
 */
export interface GenerationState {
  readonly phase: Phase;
  readonly version: number;
  /** Version of the last event that is more than noise: what operators and plans compare. */
  readonly decisionVersion: number;
  readonly run: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly phaseSince: number;
  /** Version at which the phase was entered. */
  readonly phaseVersion: number;
  readonly finishedAt: number | null;
  readonly requested: {
    /** What the client named: a model or a route. */
    readonly model: string;
    /** `<provider>/<model>` in order. */
    readonly route: readonly string[];
    readonly width: number;
    readonly height: number;
    readonly count: number;
    readonly minCount: number;
    readonly seed: number;
    readonly outputFormat: OutputFormat;
    readonly deadlineSeconds: number;
  };
  readonly estimatedCost: Money;
  readonly deadline: number;
  readonly attempts: readonly Attempt[];
  /** Number of the current attempt of this run. */
  readonly current: number | null;
  /** Attempts of this run that count towards its limit. */
  readonly spent: number;
  /** Refusals of this run that only asked to come back later. */
  readonly deferrals: number;
  /** Not to be submitted before. */
  readonly retryAt: number | null;
  readonly retryRule: string | null;
  /** The model to try next, where a failure, a policy or a person chose one. */
  readonly nextModel: string | null;
  readonly cancelAsked: { readonly by: Requester; readonly at: number } | null;
  readonly failAsked: { readonly at: number; readonly reason: string } | null;
  /** A person wants the running attempt left for another. */
  readonly abandonOrdered: { readonly at: number; readonly model: string | null } | null;
  /** A person gave the present attempt up without accepting a second charge: the run can only fail. */
  readonly gaveUp: boolean;
  readonly outputs: readonly Output[];
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean } | null;
  /** Worst of all attempts, once the run has ended. */
  readonly charge: Charge | null;
  readonly orphans: readonly Orphan[];
  readonly stalled: { readonly since: number; readonly phaseVersion: number } | null;
  readonly erased: boolean;
}

/** The vendor of a model, by its qualified name. */
export const vendorOf = (model: string): string => model.slice(0, model.indexOf('/'));

/** The attempt of this number. */
export function attemptOf(state: GenerationState, number: number): Attempt | undefined {
  return state.attempts.find((attempt) => attempt.number === number);
}

/** The current attempt of this run. */
export function currentAttempt(state: GenerationState): Attempt | undefined {
  return state.current === null ? undefined : attemptOf(state, state.current);
}

/** The attempt whose job may go on at its vendor though its run has ended: nobody has said that the job is over. */
export function leftRunning(state: GenerationState): Attempt | undefined {
  const attempt = isFinal(state.phase) ? currentAttempt(state) : undefined;
  return attempt?.status === 'accepted' ? attempt : undefined;
}

/** Attempts whose outcome nobody knows: what needs a person once their grace is over. */
export function openQuestions(state: GenerationState): Attempt[] {
  return state.attempts.filter((attempt) => attempt.status === 'unknown');
}

/** Whether the attempt has a job, and this is another one. */
export function isOtherJob(attempt: Attempt, jobId: string | null): boolean {
  return jobId !== null && attempt.vendorJobId !== null && attempt.vendorJobId !== jobId;
}

/**
 * The attempt of this run whose account's policy accepted a second charge, as long as there may be one: nothing of the run goes to
 * another account. Else undefined.
 */
export function boundTo({ attempts }: GenerationState, run: number): Attempt | undefined {
  return attempts.find(
    (attempt) =>
      attempt.run === run &&
      attempt.givenUpByPolicy &&
      attempt.secondChargeAccepted &&
      attempt.charge !== 'CHARGE_NONE',
  );
}
