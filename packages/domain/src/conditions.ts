import type { GenerationEvent } from './event.js';
import { type Attempt, attemptOf, type AttemptStatus, type GenerationState } from './state.js';
import type { ConditionName } from './transitions.js';
import { tellsMore } from './unknown-cause.js';

/** How often a vendor's notification is recorded for an attempt. */
export const maxNotifications = 8;
/** How often an output's link is replaced. */
export const maxRefreshes = 3;

type Predicate = (state: GenerationState, event: GenerationEvent) => boolean;

function attemptNamed(state: GenerationState, event: GenerationEvent): Attempt | undefined {
  return 'attempt' in event.data ? attemptOf(state, event.data.attempt) : undefined;
}

/** Whether an earlier attempt may cost money that nobody has accepted to spend a second time. */
export function isChargeInTheWay(state: GenerationState): boolean {
  return state.attempts.some((attempt) => attempt.charge !== 'CHARGE_NONE' && !attempt.secondChargeAccepted);
}

const isCurrent: Predicate = (state, event) =>
  'attempt' in event.data && event.data.attempt === state.current && attemptNamed(state, event) !== undefined;

/** Statuses from which an attempt may turn out to have been accepted after all. */
const withoutJob: readonly AttemptStatus[] = ['unknown', 'not_there', 'given_up', 'not_sent', 'refused'];
/**
 * Statuses of attempts that a run may take up again while it has nothing running: besides those without a job, the ones
 * left behind with theirs (abandoned, or still running when their run ended), and those that failed, as the vendor once said.
 */
const leftBehind: readonly AttemptStatus[] = [...withoutJob, 'abandoned', 'accepted', 'failed'];

const hasStatus = (attempt: Attempt | undefined, statuses: readonly AttemptStatus[]): boolean =>
  attempt !== undefined && statuses.includes(attempt.status);

/** Whether this attempt may still turn out to have been accepted. */
export function mayTurnOutAccepted(attempt: Attempt): boolean {
  return withoutJob.includes(attempt.status);
}

const resolution = (event: GenerationEvent): string =>
  event.type === 'SubmissionResolved' ? event.data.resolution : '';
const isFound = (event: GenerationEvent): boolean => resolution(event) === 'RESOLUTION_FOUND';
const isDisproof = (event: GenerationEvent): boolean =>
  ['RESOLUTION_REFUSED', 'RESOLUTION_NOT_THERE'].includes(resolution(event));
const isGivenUp = (event: GenerationEvent): boolean => resolution(event) === 'RESOLUTION_GIVEN_UP';

const neverAccepted: Predicate = (state, event) => {
  const attempt = attemptNamed(state, event);
  return attempt !== undefined && !attempt.everAccepted && hasStatus(attempt, ['unknown', 'given_up']);
};

const hasOrphan = (state: GenerationState): boolean =>
  state.orphans.some((orphan) => orphan.attempt === state.current);

const vendorEnds = [
  'ATTEMPT_END_VENDOR_FAILED',
  'ATTEMPT_END_MODERATED',
  'ATTEMPT_END_VENDOR_CANCELED',
] as const;
const isVendorEnd = (event: GenerationEvent): boolean =>
  event.type === 'AttemptFailed' && vendorEnds.some((end) => end === event.data.end);
const isRefusal = (event: GenerationEvent): boolean =>
  event.type === 'AttemptFailed' &&
  (event.data.end === 'ATTEMPT_END_REFUSED' || event.data.end === 'ATTEMPT_END_NOT_SENT');

const fewNotifications: Predicate = (state, event) => {
  const attempt = attemptNamed(state, event);
  return attempt !== undefined && attempt.notifications < maxNotifications;
};

/** The predicates that the table of transitions names. */
export const conditions: Readonly<Record<ConditionName, Predicate>> = {
  always: () => true,
  'it is the next attempt, nothing asks to end, no charge stands in its way': (state, event) =>
    event.type === 'SubmissionStarted' &&
    event.data.attempt === state.attempts.length + 1 &&
    state.cancelAsked === null &&
    state.failAsked === null &&
    !state.gaveUp &&
    !isChargeInTheWay(state),
  'it names the current attempt': isCurrent,
  'it tells more of the current attempt, which was sent again': (state, event) => {
    const attempt = attemptNamed(state, event);
    return (
      event.type === 'SubmissionOutcomeUnknown' &&
      isCurrent(state, event) &&
      attempt !== undefined &&
      tellsMore(attempt, event.data.cause)
    );
  },
  'the vendor refused or ended it, or nothing was sent': (state, event) =>
    isCurrent(state, event) && (isRefusal(event) || isVendorEnd(event)),
  'the vendor ended it': (state, event) => isCurrent(state, event) && isVendorEnd(event),
  'found: the current attempt': (state, event) => isFound(event) && isCurrent(state, event),
  'found: an attempt without a job': (state, event) =>
    (isFound(event) && hasStatus(attemptNamed(state, event), withoutJob)) ||
    (event.type === 'OutputsProduced' && hasStatus(attemptNamed(state, event), leftBehind)),
  'found: an earlier attempt': (state, event) =>
    isFound(event) && !isCurrent(state, event) && hasStatus(attemptNamed(state, event), withoutJob),
  'found: an attempt that is no longer used': (state, event) =>
    isFound(event) && hasStatus(attemptNamed(state, event), withoutJob),
  'disproved: the current attempt, never accepted': (state, event) =>
    isDisproof(event) && isCurrent(state, event) && neverAccepted(state, event),
  'disproved: an earlier attempt, never accepted': (state, event) =>
    isDisproof(event) && !isCurrent(state, event) && neverAccepted(state, event),
  'given up: the current attempt': (state, event) =>
    isGivenUp(event) && isCurrent(state, event) && hasStatus(attemptNamed(state, event), ['unknown']),
  'given up: an open question': (state, event) =>
    isGivenUp(event) &&
    hasStatus(attemptNamed(state, event), ['unknown']) &&
    !(state.phase === 'unresolved' && isCurrent(state, event)),
  'a fresh link is wanted': (state, event) =>
    event.type === 'OutputsRefreshed' &&
    isCurrent(state, event) &&
    state.outputs.some(
      (output) =>
        output.index === event.data.index &&
        output.needsLink &&
        output.refreshes < maxRefreshes &&
        event.data.refresh === output.refreshes + 1,
    ),
  'the output is pending': (state, event) =>
    (event.type === 'ArtifactStored' || event.type === 'ArtifactRejected') &&
    isCurrent(state, event) &&
    state.outputs.some((output) => output.index === event.data.index && output.status === 'pending'),
  'enough is stored': (state) =>
    state.outputs.filter((output) => output.status === 'stored').length >= state.requested.minCount,
  'cancel was asked': (state) => state.cancelAsked !== null,
  'cancel was asked and the outcome is an orphan': (state) => state.cancelAsked !== null && hasOrphan(state),
  'failure was ordered and the outcome is an orphan': (state) => state.failAsked !== null && hasOrphan(state),
  'cancel was not asked yet': (state) => state.cancelAsked === null,
  'failure was not ordered yet': (state) => state.failAsked === null,
  'it moves forward': (state, event) =>
    event.type === 'DeadlineExtended' && Date.parse(event.data.deadline) > state.deadline,
  'not yet told of this stay': (state) => state.stalled?.phaseVersion !== state.phaseVersion,
  'at most eight an attempt': fewNotifications,
  'its outcome is open, at most eight': (state, event) =>
    fewNotifications(state, event) && hasStatus(attemptNamed(state, event), withoutJob),
  'it leaves the running attempt': (_state, event) => event.type === 'RetryOrdered' && event.data.abandon,
  'the attempt is taken up again': (state, event) =>
    event.type === 'OrphanAdopted' && attemptNamed(state, event) !== undefined,
  'not recorded yet': (state, event) =>
    event.type === 'PaidOrphanRecorded' &&
    attemptNamed(state, event) !== undefined &&
    !state.orphans.some(
      (orphan) =>
        orphan.account === event.data.account &&
        orphan.vendorJobId === event.data.vendorJobId &&
        (event.data.vendorJobId !== '' || orphan.attempt === event.data.attempt),
    ),
  'it names an attempt': (state, event) => attemptNamed(state, event) !== undefined,
};
