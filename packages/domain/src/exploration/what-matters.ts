import { endingOf, endingSince } from '../ending.js';
import { type Attempt, type GenerationState, isFinal } from '../state.js';
import type { SubmissionContract } from '../submission-contract.js';
import { isKeyUsed } from '../unknown-cause.js';

// A global of a test's realm is looked up anew each time: the exploration took twelve times as long.
const { max } = Math;
const { stringify } = JSON;

/**
 * Everything of a generation that decisions and plans look at: not versions, words for people, or facts that nothing asks
 * for any more. Times are counted from now, and end where no comparison can tell them apart. Two states that come out the
 * same go on in the same way, whatever is asked of them and however much time passes.
 */
export function whatMattersOf(contract: SubmissionContract): (state: GenerationState, now: number) => string {
  const grace = contract.graceSeconds * 1000;
  const toProof =
    contract.absence === 'proof' ? (contract.acceptLagSeconds + contract.settlingSeconds) * 1000 : 1;
  const keyScope = typeof contract.keyScope === 'number' ? contract.keyScope * 1000 : null;

  const openQuestion = (one: Attempt, now: number): unknown => {
    const { status, sendBy, settleUntil, repeats, startedAt } = one;
    if (status !== 'started' && status !== 'unknown' && status !== 'given_up') return 0;
    return [
      // A repeat, the proof of absence and a person wait for what may still be sent.
      max(sendBy - now, -max(toProof, repeats > 0 ? grace : 0)),
      settleUntil === null ? null : max(settleUntil - now, 0),
      keyScope === null || status === 'given_up' ? 0 : max(startedAt + keyScope - now, 0),
    ];
  };

  const acceptance = ({ acceptedAt }: Attempt, now: number, endsSince: number | null): unknown => {
    if (acceptedAt === null) return 0;
    // A vendor has time to end a job from its acceptance on only where the end was asked for before.
    return endsSince !== null && acceptedAt > endsSince ? max(acceptedAt - now, -grace) : 1;
  };

  const ofRun = (state: GenerationState, now: number, endsSince: number | null): unknown => {
    // What asks a run to end, or to leave its attempt, dies with it.
    if (isFinal(state.phase)) return 0;
    const { abandonOrdered, retryAt, cancelAsked, failAsked, spent, deferrals } = state;
    const asked = [cancelAsked, failAsked].map((one) => one !== null);
    return [
      asked,
      state.gaveUp,
      endsSince === null ? 0 : max(endsSince - now, -grace),
      asked.includes(true) ? 0 : max(state.deadline - now, -grace),
      abandonOrdered === null ? 0 : [max(abandonOrdered.at - now, -grace), abandonOrdered.model],
      retryAt === null ? 0 : max(retryAt - now, 0),
      state.nextModel,
      // The next wait is longer after each of them.
      spent,
      deferrals,
    ];
  };

  return (state, now) => {
    const ending = isFinal(state.phase) ? null : endingOf(state, now);
    const endsSince = ending === null ? null : endingSince(state, ending);
    return stringify([
      state.phase,
      state.current,
      ofRun(state, now, endsSince),
      state.attempts.map((one) => [
        one.status,
        one.charge,
        one.secondChargeAccepted,
        one.vendorJobId,
        one.everAccepted,
        // The deadline comes long before the most of them.
        one.repeats > 0,
        isKeyUsed(one),
        openQuestion(one, now),
        acceptance(one, now, endsSince),
      ]),
      state.outputs.map((output) => [output.status, output.source, output.refreshes, output.needsLink]),
      state.orphans.map((orphan) => [orphan.attempt, orphan.vendorJobId, orphan.charge, orphan.adopted]),
    ]);
  };
}
