import type { Charge } from '@darkroom/contract';
import { worseCharge, worstCharge } from './charge.js';
import type { EventOf, GenerationEvent, PlacedEvent } from './event.js';
import { isNamed, type Money } from './money.js';
import { leavesModel, nextOfRoute } from './retry.js';
import { type Attempt, attemptOf, type GenerationState } from './state.js';

type Placed<E extends GenerationEvent> = E & Pick<PlacedEvent, 'version' | 'at'>;
type SubmissionEvent = Placed<
  EventOf<
    | 'SubmissionStarted'
    | 'SubmissionAccepted'
    | 'SubmissionOutcomeUnknown'
    | 'SubmissionRepeated'
    | 'SubmissionResolved'
    | 'ProgressReported'
    | 'AttemptFailed'
    | 'AttemptAbandoned'
  >
>;

const named = (money: Money, before: Money | null): Money | null => (isNamed(money) ? money : before);

/** Replaces one attempt. */
export function withAttempt(
  state: GenerationState,
  number: number,
  change: (attempt: Attempt) => Partial<Attempt>,
): GenerationState {
  return {
    ...state,
    attempts: state.attempts.map((attempt) =>
      attempt.number === number ? { ...attempt, ...change(attempt) } : attempt,
    ),
  };
}

function counted(
  state: GenerationState,
  attempt: number,
  end: string,
  failureClass: string,
): Pick<GenerationState, 'spent' | 'deferrals'> {
  const { spent, deferrals } = state;
  const refused = end === 'ATTEMPT_END_REFUSED';
  if (attemptOf(state, attempt)?.isProbe === true && (refused || end === 'ATTEMPT_END_NOT_SENT'))
    return { spent, deferrals };
  if (refused && ['FAILURE_CLASS_RATE_LIMITED', 'FAILURE_CLASS_OVERLOADED'].includes(failureClass))
    return { spent, deferrals: deferrals + 1 };
  if (refused && ['FAILURE_CLASS_UNAUTHORIZED', 'FAILURE_CLASS_INSUFFICIENT_CREDIT'].includes(failureClass))
    return { spent, deferrals };
  return { spent: spent + 1, deferrals };
}

/** The job that it was said to have is another generation's: what was believed because of it is not so. */
const withoutJob: Partial<Attempt> = {
  vendorJobId: null,
  vendorJobUrl: null,
  everAccepted: false,
  acceptedAt: null,
  percent: null,
  queuePosition: null,
  vendorStatus: '',
};

const time = (text: string | undefined): number | null => (text === undefined ? null : Date.parse(text));

/** What happens to attempts, and to the run because of them. Events of other kinds change nothing here. */
export function foldSubmission(state: GenerationState, event: PlacedEvent): GenerationState {
  switch (event.type) {
    case 'SubmissionStarted':
      return started(state, event);
    case 'SubmissionAccepted':
      return accepted(state, event);
    case 'SubmissionOutcomeUnknown':
      // What the same bytes sent again were answered with: the question is the same.
      if (state.phase === 'unresolved')
        return withAttempt(state, event.data.attempt, () => ({ unknownCause: event.data.cause }));
      return withAttempt(state, event.data.attempt, (attempt) => ({
        status: 'unknown',
        charge: worseCharge(attempt.charge, 'CHARGE_POSSIBLE'),
        unknownSince: event.at,
        unknownCause: event.data.cause,
        settleUntil: Date.parse(event.data.settleUntil),
        ...(event.data.cause === 'UNKNOWN_CAUSE_JOB_ID_TAKEN' ? withoutJob : {}),
      }));
    case 'SubmissionRepeated':
      return withAttempt(state, event.data.attempt, () => ({
        sendBy: Date.parse(event.data.sendBy),
        repeats: event.data.repeat,
      }));
    case 'SubmissionResolved':
      return resolved(state, event);
    case 'ProgressReported':
      return withAttempt(state, event.data.attempt, (attempt) => ({
        percent: event.data.percent ?? null,
        queuePosition: event.data.queuePosition ?? null,
        vendorStatus: event.data.vendorStatus,
        progressReports: attempt.progressReports + 1,
      }));
    case 'AttemptFailed':
      return failed(state, event);
    case 'AttemptAbandoned':
      return abandoned(state, event);
    default:
      return state;
  }
}

type Of<T extends SubmissionEvent['type']> = Placed<EventOf<T>>;

function started(state: GenerationState, { data, at }: Of<'SubmissionStarted'>): GenerationState {
  const attempt: Attempt = {
    number: data.attempt,
    run: data.run,
    status: 'started',
    charge: 'CHARGE_POSSIBLE',
    secondChargeAccepted: false,
    givenUpByPolicy: false,
    cost: null,
    estimatedCost: data.estimatedCost,
    account: data.account,
    model: data.model,
    reference: data.reference,
    seed: data.seed,
    startedAt: at,
    sendBy: Date.parse(data.sendBy),
    isProbe: data.probe,
    vendorJobId: null,
    vendorJobUrl: null,
    everAccepted: false,
    acceptedAt: null,
    unknownSince: null,
    unknownCause: null,
    settleUntil: null,
    repeats: 0,
    percent: null,
    queuePosition: null,
    vendorStatus: '',
    progressReports: 0,
    end: null,
    failureClass: null,
    endedAt: null,
    notifications: 0,
    notificationBodies: [],
  };
  return {
    ...state,
    attempts: [...state.attempts, attempt],
    current: attempt.number,
    retryAt: null,
    retryRule: null,
    nextModel: null,
  };
}

function accepted(state: GenerationState, { data, at }: Of<'SubmissionAccepted'>): GenerationState {
  return withAttempt(state, data.attempt, (attempt) => ({
    status: 'accepted',
    charge: data.charge,
    cost: named(data.cost, attempt.cost),
    vendorJobId: data.vendorJobId,
    vendorJobUrl: data.vendorJobUrl ?? null,
    everAccepted: true,
    acceptedAt: at,
    queuePosition: data.queuePosition ?? null,
  }));
}

function resolved(state: GenerationState, event: Of<'SubmissionResolved'>): GenerationState {
  const { data, at } = event;
  switch (data.resolution) {
    case 'RESOLUTION_FOUND': {
      const after = withAttempt(state, data.attempt, (attempt) => ({
        status: 'accepted',
        charge: worseCharge(attempt.charge, data.charge),
        cost: named(data.cost, attempt.cost),
        vendorJobId: data.vendorJobId === '' ? attempt.vendorJobId : data.vendorJobId,
        vendorJobUrl: data.vendorJobUrl ?? attempt.vendorJobUrl,
        everAccepted: true,
        acceptedAt: attempt.acceptedAt ?? at,
        end: null,
        failureClass: null,
        endedAt: null,
      }));
      const takenUp = ['requested', 'waiting', 'unresolved'].includes(state.phase);
      return takenUp && (state.phase !== 'unresolved' || state.current === data.attempt)
        ? takeUp(after, data.attempt)
        : after;
    }
    case 'RESOLUTION_REFUSED':
    case 'RESOLUTION_NOT_THERE': {
      const after = withAttempt(state, data.attempt, () => ({
        status:
          data.resolution === 'RESOLUTION_NOT_THERE'
            ? 'not_there'
            : data.end === 'ATTEMPT_END_NOT_SENT'
              ? 'not_sent'
              : 'refused',
        charge: 'CHARGE_NONE',
        end: data.resolution === 'RESOLUTION_REFUSED' ? data.end : null,
        failureClass: data.failureClass,
        endedAt: at,
      }));
      return leadsBack(state, data.attempt)
        ? {
            ...after,
            ...counted(state, data.attempt, data.end, data.failureClass),
            ...leftFor(state, data),
          }
        : { ...after, gaveUp: state.gaveUp && state.current !== data.attempt };
    }
    default: {
      const after = withAttempt(state, data.attempt, (attempt) => ({
        status: 'given_up',
        charge: worseCharge(attempt.charge, 'CHARGE_POSSIBLE'),
        secondChargeAccepted: data.acceptDoubleCharge,
        givenUpByPolicy: data.retryRule === 'policy_resubmits_unknown',
        endedAt: at,
      }));
      return leadsBack(state, data.attempt)
        ? {
            ...after,
            ...counted(state, data.attempt, '', ''),
            ...leftFor(state, data),
            gaveUp: !data.acceptDoubleCharge,
          }
        : after;
    }
  }
}

/** The run goes on with this attempt: nothing is left to be paid twice for, and no next try is due. */
export function takeUp(state: GenerationState, attempt: number): GenerationState {
  return {
    ...withAttempt(state, attempt, () => ({ secondChargeAccepted: false })),
    current: attempt,
    retryAt: null,
    retryRule: null,
    gaveUp: false,
  };
}

/** The next try after an open question was closed. */
function leftFor(
  state: GenerationState,
  { retryAt, retryRule, attempt }: Of<'SubmissionResolved'>['data'],
): Pick<GenerationState, 'retryAt' | 'retryRule' | 'nextModel' | 'abandonOrdered'> {
  const model = attemptOf(state, attempt)?.model ?? '';
  const next = leavesModel(retryRule) ? (nextOfRoute(model, state.requested.route) ?? null) : state.nextModel;
  return {
    retryAt: time(retryAt),
    retryRule,
    nextModel: state.abandonOrdered?.model ?? next,
    // What was ordered of this attempt must not befall the next one.
    abandonOrdered: null,
  };
}

/** What the attempt's other jobs may cost, which its own end says nothing about. */
function chargeOfOtherJobs(state: GenerationState, number: number): Charge {
  const own = attemptOf(state, number)?.vendorJobId ?? '';
  return worstCharge(
    state.orphans
      .filter((orphan) => orphan.attempt === number && !orphan.adopted && orphan.vendorJobId !== own)
      .map((orphan) => orphan.charge),
  );
}

/** Whether the attempt's end sends the run back to waiting. */
function leadsBack(state: GenerationState, attempt: number): boolean {
  return state.phase === 'unresolved' && state.current === attempt;
}

function failed(state: GenerationState, { data, at }: Of<'AttemptFailed'>): GenerationState {
  const status =
    data.end === 'ATTEMPT_END_REFUSED'
      ? 'refused'
      : data.end === 'ATTEMPT_END_NOT_SENT'
        ? 'not_sent'
        : 'failed';
  const paysAgain = state.abandonOrdered !== null || data.retryRule === 'policy_pays_twice';
  return {
    ...withAttempt(state, data.attempt, (attempt) => ({
      status,
      charge: worseCharge(data.charge, chargeOfOtherJobs(state, data.attempt)),
      secondChargeAccepted: attempt.secondChargeAccepted || paysAgain,
      cost: named(data.cost, attempt.cost),
      end: data.end,
      failureClass: data.failureClass,
      endedAt: at,
    })),
    ...counted(state, data.attempt, data.end, data.failureClass),
    retryAt: time(data.retryAt),
    retryRule: data.retryRule,
    nextModel: data.nextModel === '' ? null : data.nextModel,
    abandonOrdered: null,
  };
}

function abandoned(state: GenerationState, { data, at }: Of<'AttemptAbandoned'>): GenerationState {
  return {
    ...withAttempt(state, data.attempt, (attempt) => ({
      status: 'abandoned',
      charge: worseCharge(attempt.charge, data.charge),
      secondChargeAccepted: data.acceptDoubleCharge,
      endedAt: at,
    })),
    ...counted(state, data.attempt, '', ''),
    retryAt: null,
    retryRule: null,
    nextModel: data.nextModel === '' ? null : data.nextModel,
    abandonOrdered: null,
  };
}
