import type { GenerationEventType } from '@darkroom/contract';
import type { Phase } from './state.js';

/** What must hold of the state and the event besides the phase; each is a predicate of conditions.ts. */
export type ConditionName =
  | 'always'
  | 'it is the next attempt, nothing asks to end, no charge stands in its way'
  | 'it names the current attempt'
  | 'it tells more of the current attempt, which was sent again'
  | 'the vendor refused or ended it, or nothing was sent'
  | 'the vendor ended it'
  | 'found: the current attempt'
  | 'found: an attempt without a job'
  | 'found: an earlier attempt'
  | 'found: an attempt that is no longer used'
  | 'disproved: the current attempt, never accepted'
  | 'disproved: an earlier attempt, never accepted'
  | 'given up: the current attempt'
  | 'given up: an open question'
  | 'a fresh link is wanted'
  | 'the output is pending'
  | 'enough is stored'
  | 'cancel was asked'
  | 'cancel was asked and the outcome is an orphan'
  | 'failure was ordered and the outcome is an orphan'
  | 'cancel was not asked yet'
  | 'failure was not ordered yet'
  | 'it moves forward'
  | 'not yet told of this stay'
  | 'at most eight an attempt'
  | 'its outcome is open, at most eight'
  | 'it leaves the running attempt'
  | 'the attempt is taken up again'
  | 'not recorded yet'
  | 'it names an attempt';

/** One way an event may be taken: under this condition, to this phase, or `=`: the phase stays. */
export interface Rule {
  readonly when: ConditionName;
  readonly to: Phase | '=';
}

type Row = Partial<Record<Phase | 'none', readonly Rule[]>>;

const stay = (when: ConditionName): readonly Rule[] => [{ when, to: '=' }];
const go = (to: Phase, when: ConditionName): readonly Rule[] => [{ when, to }];

const open: readonly Phase[] = ['requested', 'waiting', 'submitting', 'unresolved', 'processing', 'storing'];
const ended: readonly Phase[] = ['succeeded', 'failed', 'canceled'];
const in_ = (where: readonly Phase[], rules: readonly Rule[]): Row =>
  Object.fromEntries(where.map((phase) => [phase, rules]));

const foundEarlier = stay('found: an earlier attempt');
const foundToUse = go('processing', 'found: an attempt without a job');
const foundTooLate = stay('found: an attempt that is no longer used');
/** Of an attempt that was given up with nothing newer started, or that the run ended with. */
const disprovedCurrent = stay('disproved: the current attempt, never accepted');
/** Of attempts that were left as open questions: by a run that ended, or given up. */
const questions: readonly Rule[] = [
  ...stay('disproved: an earlier attempt, never accepted'),
  ...stay('given up: an open question'),
];

/**
 * The lifecycle of a generation: which event is taken in which phase, under which condition, and where it leads.
 * What is not here is an illegal transition. Evolve, the diagram of the documentation and the property tests read it.
 */
export const transitions: Readonly<Record<GenerationEventType, Row>> = {
  GenerationRequested: { none: go('requested', 'always') },
  SubmissionStarted: in_(
    ['requested', 'waiting'],
    go('submitting', 'it is the next attempt, nothing asks to end, no charge stands in its way'),
  ),
  SubmissionAccepted: { submitting: go('processing', 'it names the current attempt') },
  SubmissionOutcomeUnknown: {
    ...in_(['submitting', 'processing'], go('unresolved', 'it names the current attempt')),
    unresolved: stay('it tells more of the current attempt, which was sent again'),
  },
  SubmissionRepeated: { unresolved: stay('it names the current attempt') },
  SubmissionResolved: {
    requested: [...foundToUse, ...questions],
    waiting: [...foundToUse, ...disprovedCurrent, ...questions],
    ...in_(['submitting', 'processing', 'storing'], [...foundEarlier, ...questions]),
    unresolved: [
      { when: 'found: the current attempt', to: 'processing' },
      { when: 'disproved: the current attempt, never accepted', to: 'waiting' },
      { when: 'given up: the current attempt', to: 'waiting' },
      ...foundEarlier,
      ...questions,
    ],
    succeeded: [...foundTooLate, ...questions],
    ...in_(['failed', 'canceled'], [...foundTooLate, ...disprovedCurrent, ...questions]),
  },
  ProgressReported: { processing: stay('it names the current attempt') },
  AttemptFailed: {
    submitting: go('waiting', 'the vendor refused or ended it, or nothing was sent'),
    processing: go('waiting', 'the vendor ended it'),
  },
  AttemptAbandoned: { processing: go('waiting', 'it names the current attempt') },
  OutputsProduced: {
    ...in_(['requested', 'waiting'], go('storing', 'found: an attempt without a job')),
    ...in_(['submitting', 'unresolved', 'processing'], go('storing', 'it names the current attempt')),
  },
  OutputsRefreshed: { storing: stay('a fresh link is wanted') },
  ArtifactStored: { storing: stay('the output is pending') },
  ArtifactRejected: { storing: stay('the output is pending') },
  GenerationCompleted: { storing: go('succeeded', 'enough is stored') },
  GenerationFailed: {
    ...in_(['requested', 'waiting', 'unresolved', 'processing', 'storing'], go('failed', 'always')),
    submitting: go('failed', 'failure was ordered and the outcome is an orphan'),
  },
  GenerationCanceled: {
    ...in_(['requested', 'waiting', 'unresolved', 'processing'], go('canceled', 'cancel was asked')),
    submitting: go('canceled', 'cancel was asked and the outcome is an orphan'),
  },
  CancellationRequested: in_(
    ['requested', 'waiting', 'submitting', 'unresolved', 'processing'],
    stay('cancel was not asked yet'),
  ),
  FailureOrdered: in_(open, stay('failure was not ordered yet')),
  DeadlineExtended: in_(open, stay('it moves forward')),
  GenerationStalled: in_(open, stay('not yet told of this stay')),
  ProviderNotified: {
    ...in_(open, stay('at most eight an attempt')),
    ...in_(ended, stay('its outcome is open, at most eight')),
  },
  RetryOrdered: {
    ...in_(['requested', 'waiting'], stay('always')),
    processing: stay('it leaves the running attempt'),
    failed: go('requested', 'always'),
  },
  OrphanAdopted: in_(
    ['requested', 'waiting', 'failed', 'canceled'],
    go('processing', 'the attempt is taken up again'),
  ),
  PaidOrphanRecorded: in_([...open, ...ended], stay('not recorded yet')),
  CostRecorded: in_([...open, ...ended], stay('it names an attempt')),
  PersonalDataErased: in_(ended, stay('always')),
};
