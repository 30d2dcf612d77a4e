import type { Command } from '../commands.js';
import { planArtifact } from '../plan-artifact.js';
import { openQuestions } from '../state.js';
import { storedArtifact } from '../testing/a-generation.js';
import { mayTimePass, sightsOf } from './vendor.js';
import { append, type Move, type Request, type Setting, spend, tell, tick, type World } from './world.js';

/** Time, the artifact service, webhooks, the client, operators. */
export function outsideMoves(world: World, setting: Setting): Move[] {
  return [
    ...time(world, setting),
    ...artifact(world, setting),
    ...webhooks(world, setting),
    ...cancellation(world, setting),
    ...orders(world, setting),
  ];
}

/** Time passes whoever has something to do, which is a stall. */
function time(world: World, setting: Setting): Move[] {
  if (!mayTimePass(world, setting)) return [];
  return [{ label: 'a second passes', to: { ...world, now: world.now + tick } }];
}

function artifact(world: World, setting: Setting): Move[] {
  const { stream, now } = world;
  const { state } = stream;
  const action = planArtifact(state, now);
  switch (action.do) {
    case 'store': {
      const artifact = storedArtifact(action.attempt, 0);
      const then = append(world, setting, 'store', () => ({ type: 'store-artifact', now, artifact }));
      return [{ label: 'the image is stored', to: then }];
    }
    case 'conclude': {
      const then = append(world, setting, 'conclude', () => ({ type: 'conclude-storing', now }));
      return [{ label: 'storing ends', to: then }];
    }
    case 'nothing':
      return [];
  }
}

/** A vendor tells of a job whenever it likes, also long after the end. */
function webhooks(world: World, setting: Setting): Move[] {
  if (world.left.webhooks === 0 || setting.contract.poll === 'none') return [];
  return world.jobs.flatMap((job) =>
    sightsOf(world, job).map((sight) => ({
      label: `a webhook tells of ${job.id}: ${sight.job.status}`,
      to: spend(tell(sight.world, setting, job.attempt, sight.news), 'webhooks'),
    })),
  );
}

/** The answer is the same where it was asked before: that it will be canceled. */
function cancellation(world: World, setting: Setting): Move[] {
  const { stream, now } = world;
  if (world.left.cancels === 0 || !setting.asks.includes('cancel')) return [];
  const command: Command = { type: 'cancel', now, by: 'REQUESTER_CLIENT', reason: '' };
  const decision = setting.rules.decide(command, stream.state);
  if (decision.kind === 'refused' && decision.reason !== 'already_asked') return [];
  const then = append(world, setting, 'cancel', () => command);
  return [
    {
      label: 'the client cancels and is told that it will be',
      to: spend({ ...then, isCanceled: true }, 'cancels'),
    },
  ];
}

function orders(world: World, setting: Setting): Move[] {
  const { now, stream } = world;
  const { state } = stream;
  if (world.left.orders === 0) return [];
  const seen = { now, reason: '', expectedDecisionVersion: state.decisionVersion };
  const moves: Move[] = [];
  const order = (kind: Request, label: string, command: () => Command): void => {
    if (!setting.asks.includes(kind)) return;
    const then = append(world, setting, label, command);
    if (then !== world) moves.push({ label, to: spend(then, 'orders') });
  };
  for (const acceptDoubleCharge of [false, true]) {
    const accepting = acceptDoubleCharge ? ' and accepts a second charge' : '';
    order('retry', `an operator retries${accepting}`, () => ({
      type: 'retry',
      ...seen,
      model: null,
      abandon: true,
      acceptDoubleCharge,
    }));
    for (const { number: attempt } of openQuestions(state))
      order('settle', `a person gives attempt ${attempt} up${accepting}`, () => ({
        type: 'resolve',
        ...seen,
        attempt,
        jobId: null,
        outcome: 'given_up',
        acceptDoubleCharge,
      }));
  }
  order('fail', 'an operator lets it fail', () => ({ type: 'fail', ...seen }));
  for (const { number: attempt } of openQuestions(state)) {
    // People look at the vendor's page before they say so.
    const job = world.jobs.find((one) => one.attempt === attempt);
    // Where the vendor gives no ids there is none to name.
    if (job !== undefined && setting.contract.poll === 'none') continue;
    const label = `a person says that attempt ${attempt} is ${job?.id ?? 'not there'}`;
    order('settle', label, () => ({
      type: 'resolve',
      ...seen,
      attempt,
      jobId: job?.id ?? null,
      outcome: job === undefined ? 'not_there' : 'found',
      acceptDoubleCharge: false,
    }));
  }
  for (const { attempt, vendorJobId: jobId, adopted } of state.orphans)
    if (!adopted)
      order('adopt', `an operator adopts ${jobId}`, () => ({ type: 'adopt', ...seen, attempt, jobId }));
  return moves;
}
