import { worseCharge } from './charge.js';
import type { EventOf, PlacedEvent } from './event.js';
import { takeUp, withAttempt } from './fold-submission.js';
import { isNamed, noMoney } from './money.js';
import { attemptOf, type GenerationState, isFinal, isOtherJob, type Orphan } from './state.js';

/** What happens to the run as a whole: its end, what people ask of it, what the vendor's bill turns out to be. */
export function foldRun(state: GenerationState, event: PlacedEvent): GenerationState {
  const { at } = event;
  switch (event.type) {
    case 'GenerationCompleted':
    case 'GenerationCanceled':
      return { ...state, finishedAt: at };
    case 'GenerationFailed': {
      const { code, message, retryable } = event.data;
      return { ...state, finishedAt: at, error: { code, message, retryable } };
    }
    case 'CancellationRequested':
      return { ...state, cancelAsked: { by: event.data.requestedBy, at } };
    case 'FailureOrdered':
      return { ...state, failAsked: { at, reason: event.data.reason } };
    case 'DeadlineExtended':
      return { ...state, deadline: Date.parse(event.data.deadline) };
    case 'GenerationStalled':
      return {
        ...state,
        stalled: { since: Date.parse(event.data.since), phaseVersion: state.phaseVersion },
      };
    case 'ProviderNotified':
      return withAttempt(state, event.data.attempt, (attempt) => ({
        notifications: attempt.notifications + 1,
        notificationBodies: [...attempt.notificationBodies, event.data.bodySha256],
      }));
    case 'RetryOrdered':
      return retried(state, event);
    case 'OrphanAdopted':
      return adopted(state, event);
    case 'PaidOrphanRecorded':
      return orphaned(state, event);
    case 'CostRecorded':
      return withAttempt(state, event.data.attempt, () => ({ cost: event.data.cost }));
    case 'PersonalDataErased':
      return { ...state, erased: true };
    default:
      return state;
  }
}

/** A run of its own: nobody has asked it to end, its limits are untouched. */
const freshRun = {
  finishedAt: null,
  error: null,
  charge: null,
  cancelAsked: null,
  failAsked: null,
  abandonOrdered: null,
  gaveUp: false,
  spent: 0,
  deferrals: 0,
  retryAt: null,
  retryRule: null,
  nextModel: null,
  outputs: [],
} as const;

function retried(state: GenerationState, event: PlacedEvent & EventOf<'RetryOrdered'>): GenerationState {
  const { data, at } = event;
  const model = data.model === '' ? null : data.model;
  // What may cost by now; not what turns up later.
  const attempts = data.acceptDoubleCharge
    ? state.attempts.map((attempt) =>
        attempt.charge === 'CHARGE_NONE' ? attempt : { ...attempt, secondChargeAccepted: true },
      )
    : state.attempts;
  if (isFinal(state.phase)) {
    return {
      ...state,
      attempts,
      ...freshRun,
      run: data.run,
      deadline: Date.parse(data.deadline),
      current: null,
      nextModel: model,
    };
  }
  if (state.phase === 'processing') return { ...state, attempts, abandonOrdered: { at, model } };
  return { ...state, attempts, retryAt: null, retryRule: null, nextModel: model ?? state.nextModel };
}

function adopted(state: GenerationState, event: PlacedEvent & EventOf<'OrphanAdopted'>): GenerationState {
  const { data, at } = event;
  const run = isFinal(state.phase) ? { ...freshRun, run: data.run, deadline: Date.parse(data.deadline) } : {};
  const taken = withAttempt(takeUp(state, data.attempt), data.attempt, (attempt) => ({
    status: 'accepted',
    charge: worseCharge(attempt.charge, 'CHARGE_POSSIBLE'),
    vendorJobId: data.vendorJobId,
    // The address of another job of it leads elsewhere.
    vendorJobUrl: attempt.vendorJobId === data.vendorJobId ? attempt.vendorJobUrl : null,
    everAccepted: true,
    acceptedAt: attempt.acceptedAt ?? at,
    end: null,
    failureClass: null,
    endedAt: null,
  }));
  const orphans = state.orphans.map((orphan) =>
    orphan.attempt === data.attempt && orphan.vendorJobId === data.vendorJobId
      ? { ...orphan, adopted: true }
      : orphan,
  );
  return { ...taken, ...run, orphans: [...orphans, ...jobLeftFor(state, data.attempt, data.vendorJobId)] };
}

/** The attempt's own job, where another of its jobs takes its place: what it cost stays on the bill. */
function jobLeftFor(state: GenerationState, number: number, vendorJobId: string): Orphan[] {
  const attempt = attemptOf(state, number);
  const own = attempt?.vendorJobId ?? null;
  const isKnown = state.orphans.some((orphan) => orphan.attempt === number && orphan.vendorJobId === own);
  if (attempt === undefined || own === null || own === vendorJobId || isKnown) return [];
  const { account, charge, cost } = attempt;
  const reason = 'another job of its attempt took its place';
  return [
    { attempt: number, account, vendorJobId: own, charge, cost: cost ?? noMoney, reason, adopted: false },
  ];
}

function orphaned(
  state: GenerationState,
  { data }: PlacedEvent & EventOf<'PaidOrphanRecorded'>,
): GenerationState {
  const { attempt, account, vendorJobId, charge, cost, reason } = data;
  // Something of a submit that was open: the vendor did take it.
  const known = withAttempt(state, attempt, (before) => ({
    ...(before.status === 'started' ? { status: 'accepted', everAccepted: true } : {}),
    charge: worseCharge(before.charge, charge),
    // Another job than the one whose cost was accepted.
    secondChargeAccepted:
      before.secondChargeAccepted && (charge === 'CHARGE_NONE' || !isOtherJob(before, vendorJobId)),
    cost: isNamed(cost) ? cost : before.cost,
  }));
  const orphan = { attempt, account, vendorJobId, charge, cost, reason, adopted: false };
  return { ...known, orphans: [...state.orphans, orphan] };
}
