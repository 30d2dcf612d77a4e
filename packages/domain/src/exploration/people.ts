import type { Command } from '../commands.js';
import { isChargeInTheWay } from '../conditions.js';
import { isFinal, openQuestions } from '../state.js';
import { storedArtifact } from '../testing/a-generation.js';
import { mayTimePass, newsOf } from './vendor.js';
import {
  append,
  clock,
  lastTick,
  lastWait,
  type Move,
  type Request,
  type Setting,
  tell,
  tick,
  type World,
} from './world.js';

/** Time, the artifact service, webhooks, the client, operators. */
export function outsideMoves(world: World, setting: Setting, everyoneWaits: boolean): Move[] {
  return [
    ...time(world, setting, everyoneWaits),
    ...artifact(world, setting),
    ...webhooks(world, setting),
    ...requests(world, setting),
  ];
}

/** Time passes whoever has something to do, which is a stall; towards the end only when nobody has. */
function time(world: World, setting: Setting, everyoneWaits: boolean): Move[] {
  const isLate = clock(world) >= (everyoneWaits && !isFinal(world.state.phase) ? lastWait : lastTick);
  if (isLate || !mayTimePass(world, setting)) return [];
  return [{ label: 'a second passes', to: { ...world, now: world.now + tick } }];
}

function artifact(world: World, { rules }: Setting): Move[] {
  const { state, now } = world;
  if (state.phase !== 'storing') return [];
  const command: Command = { type: 'store-artifact', now, artifact: storedArtifact(state.current ?? 0, 0) };
  return [{ label: 'the image is stored', to: append(world, rules.decide(command, state)) }];
}

/** A vendor tells of a job whenever it likes, also long after the end. */
function webhooks(world: World, setting: Setting): Move[] {
  const { left } = world;
  if (left.webhooks === 0 || setting.contract.poll === 'none') return [];
  return world.jobs.map((job) => ({
    label: `a webhook tells of ${job.id}: ${job.status}`,
    to: {
      ...tell(world, setting, job.attempt, newsOf(job)),
      left: { ...left, webhooks: left.webhooks - 1 },
    },
  }));
}

function requests(world: World, { rules, asks }: Setting): Move[] {
  const { left, now, state } = world;
  if (left.requests === 0) return [];
  const seen = { now, reason: '', expectedDecisionVersion: state.decisionVersion };
  const moves: Move[] = [];
  const spent = { ...left, requests: left.requests - 1 };
  const order = (kind: Request, label: string, command: Command): void => {
    if (!asks.includes(kind)) return;
    const decision = rules.decide(command, state);
    if (decision.kind === 'events') moves.push({ label, to: { ...append(world, decision), left: spent } });
  };
  const cancel = rules.decide({ type: 'cancel', now, by: 'REQUESTER_CLIENT', reason: '' }, state);
  if (asks.includes('cancel') && (cancel.kind === 'events' || cancel.reason === 'already_asked'))
    moves.push({
      label: 'the client cancels and is told that it will be',
      to: { ...append(world, cancel), canceledRun: state.run, left: spent },
    });
  const isOver = state.phase === 'failed' && isChargeInTheWay(state);
  const isRetryable = state.phase === 'processing' || state.phase === 'failed';
  for (const acceptDoubleCharge of isRetryable ? [state.phase === 'processing' || isOver] : [])
    order('retry', `an operator retries${acceptDoubleCharge ? ' and accepts a second charge' : ''}`, {
      type: 'retry',
      ...seen,
      model: null,
      abandon: true,
      acceptDoubleCharge,
    });
  for (const { number: attempt } of openQuestions(state)) {
    const resolve = { type: 'resolve', ...seen, attempt, jobId: null } as const;
    // People look at the vendor's page before they say so.
    if (world.jobs.every((job) => job.attempt !== attempt))
      order('settle', `a person says that attempt ${attempt} is not there`, {
        ...resolve,
        outcome: 'not_there',
        acceptDoubleCharge: false,
      });
    for (const acceptDoubleCharge of [false, true])
      order(
        'settle',
        `a person gives attempt ${attempt} up${acceptDoubleCharge ? ' and accepts a second charge' : ''}`,
        {
          ...resolve,
          outcome: 'given_up',
          acceptDoubleCharge,
        },
      );
  }
  for (const orphan of state.orphans)
    if (!orphan.adopted)
      order('adopt', `an operator adopts ${orphan.vendorJobId}`, {
        type: 'adopt',
        ...seen,
        attempt: orphan.attempt,
        jobId: orphan.vendorJobId,
      });
  return moves;
}
