import type { Attempt } from '@darkroom/domain';
import type { RecordedEvent } from '@darkroom/event-store';
import { type ChargeWord, chargeWord } from '@darkroom/read-models';
import { redactText } from '../policy/redact.js';
import { type EvidenceView, evidenceOf } from './event-view.js';
import { money, type MoneyView, time, timeOrNull, word } from './words.js';

/** One submission as operators see it. */
export interface AttemptView {
  readonly number: number;
  readonly run: number;
  readonly status: string;
  /** Its outcome is unknown and its grace is over: nobody but a person will answer it. */
  readonly needs_person: boolean;
  readonly charge: ChargeWord;
  /** A person or a policy accepted that this attempt and another may both be billed. */
  readonly second_charge_accepted: boolean;
  readonly cost: MoneyView | null;
  readonly estimated_cost: MoneyView | null;
  readonly account: string;
  readonly model: string;
  readonly reference: string;
  readonly seed: number;
  readonly vendor_job_id: string | null;
  readonly ever_accepted: boolean;
  readonly started_at: string;
  readonly send_by: string;
  readonly accepted_at: string | null;
  readonly unknown_since: string | null;
  readonly unknown_cause: string | null;
  readonly settle_until: string | null;
  readonly repeats: number;
  readonly percent: number | null;
  readonly queue_position: number | null;
  readonly vendor_status: string | null;
  readonly end: string | null;
  readonly failure_class: string | null;
  readonly vendor_code: string | null;
  readonly vendor_message: string | null;
  readonly ended_at: string | null;
  readonly notifications: number;
}

/** One submission with what came back for it. */
export interface FullAttemptView extends AttemptView {
  readonly evidence: readonly EvidenceView[];
  /** The vendor's names of the calls about it, for its support. */
  readonly vendor_request_ids: readonly string[];
}

/** Whether a person is needed to tell what became of it. */
export function needsPerson(attempt: Attempt, now: number): boolean {
  return attempt.status === 'unknown' && (attempt.settleUntil === null || now >= attempt.settleUntil);
}

/** An attempt with the vendor's own words, which the fold does not keep. */
export function attemptView(
  attempt: Attempt,
  events: readonly RecordedEvent[],
  now: number,
): FullAttemptView {
  const own = events.filter((event) => 'attempt' in event.data && event.data.attempt === attempt.number);
  const failure = own.findLast((event) => event.type === 'AttemptFailed');
  const evidence = own.flatMap((event) => evidenceOf(event) ?? []);
  const said = failure?.type === 'AttemptFailed' ? failure.data : undefined;
  return {
    ...plainAttemptView(attempt, now),
    vendor_code: said && said.vendorCode !== '' ? redactText(said.vendorCode) : null,
    vendor_message: said && said.vendorMessage !== '' ? redactText(said.vendorMessage) : null,
    vendor_request_ids: [...new Set(evidence.flatMap((one) => one.vendor_request_id ?? []))],
    evidence,
  };
}

/** What the fold alone knows of an attempt. */
export function plainAttemptView(attempt: Attempt, now: number): AttemptView {
  return {
    number: attempt.number,
    run: attempt.run,
    status: attempt.status,
    needs_person: needsPerson(attempt, now),
    charge: chargeWord(attempt.charge),
    second_charge_accepted: attempt.secondChargeAccepted,
    cost: money(attempt.cost),
    estimated_cost: money(attempt.estimatedCost),
    account: attempt.account,
    model: attempt.model,
    reference: attempt.reference,
    seed: attempt.seed,
    vendor_job_id: attempt.vendorJobId,
    ever_accepted: attempt.everAccepted,
    started_at: time(attempt.startedAt),
    send_by: time(attempt.sendBy),
    accepted_at: timeOrNull(attempt.acceptedAt),
    unknown_since: timeOrNull(attempt.unknownSince),
    unknown_cause: attempt.unknownCause === null ? null : word(attempt.unknownCause, 'UNKNOWN_CAUSE'),
    settle_until: timeOrNull(attempt.settleUntil),
    repeats: attempt.repeats,
    percent: attempt.percent,
    queue_position: attempt.queuePosition,
    vendor_status: attempt.vendorStatus === '' ? null : redactText(attempt.vendorStatus),
    end: attempt.end === null ? null : word(attempt.end, 'ATTEMPT_END'),
    failure_class: attempt.failureClass === null ? null : word(attempt.failureClass, 'FAILURE_CLASS'),
    vendor_code: null,
    vendor_message: null,
    ended_at: timeOrNull(attempt.endedAt),
    notifications: attempt.notifications,
  };
}
