import type { GatewayAction } from '../plan-gateway.js';
import type { Attempt } from '../state.js';
import { submit } from '../testing/a-generation.js';
import { lookUp, newsOf, withJob } from './vendor.js';
import {
  append,
  type Gateway,
  type GatewayName,
  lastTick,
  mostAttempts,
  type Move,
  type Setting,
  tell,
  tick,
  clock,
  withGateway,
  type World,
} from './world.js';

const leaseTicks = 2;

/** What one gateway may do next; none where it waits. */
export function gatewayMoves(world: World, name: GatewayName, setting: Setting): Move[] {
  const gateway = world.gateways[name];
  const step = stepOf(world, name, gateway, setting);
  const moves = step === null || step.to === world ? [] : [{ ...step, label: `${name} ${step.label}` }];
  const { left } = world;
  if (gateway.at !== 'idle' && left.crashes > 0)
    moves.push({
      label: `${name} dies when ${gateway.at}`,
      to: { ...withGateway(world, name, { at: 'idle' }), left: { ...left, crashes: left.crashes - 1 } },
    });
  return moves;
}

function stepOf(world: World, name: GatewayName, gateway: Gateway, setting: Setting): Move | null {
  const { contract, rules } = setting;
  switch (gateway.at) {
    case 'idle':
      return wakeUp(world, name, setting);
    case 'claimed': {
      if (world.lease?.holder !== name)
        return { label: 'is fenced', to: withGateway(world, name, { at: 'idle' }) };
      const sendBy = world.now + contract.sendBySeconds * 1000;
      const decision = rules.decide(submit(world.now, { sendBy, model: gateway.model }), world.state);
      const then = append(world, decision);
      const attempt = then.state.current;
      if (then === world || attempt === null)
        return { label: 'may not start', to: release(withGateway(world, name, { at: 'idle' }), name) };
      const started = { at: 'started', attempt, sendBy, isRepeat: false } as const;
      return {
        label: `records the start of attempt ${attempt}`,
        to: withGateway(lease(then, name), name, started),
      };
    }
    case 'started':
      return send(world, name, gateway, setting);
    case 'sent':
      return timeOut(world, name, gateway, setting);
    case 'heard': {
      const told = tell(world, setting, gateway.attempt, gateway.news);
      return {
        label: `tells of attempt ${gateway.attempt}: ${gateway.news.kind}`,
        to: release(withGateway(told, name, { at: 'idle' }), name),
      };
    }
  }
}

const lease = (world: World, name: GatewayName): World => ({
  ...world,
  lease: { holder: name, until: world.now + leaseTicks * tick },
});

const release = (world: World, name: GatewayName): World =>
  world.lease?.holder === name ? { ...world, lease: null } : world;

function send(
  world: World,
  name: GatewayName,
  { attempt, sendBy, isRepeat }: Extract<Gateway, { at: 'started' }>,
  { rules }: Setting,
): Move {
  if (rules.maySend(world.now, sendBy))
    return {
      label: `sends attempt ${attempt}${isRepeat ? ' again' : ''}`,
      to: {
        ...withGateway(world, name, { at: 'sent', attempt, isRepeat }),
        packets: [...world.packets, { attempt, from: name, sentAt: world.now }],
      },
    };
  const news = { kind: 'not_sent', failureClass: 'FAILURE_CLASS_TIMEOUT', reason: 'send_by' } as const;
  return {
    label: `is too late to send attempt ${attempt}`,
    to: withGateway(world, name, isRepeat ? { at: 'idle' } : { at: 'heard', attempt, news }),
  };
}

function timeOut(
  world: World,
  name: GatewayName,
  { attempt, isRepeat }: Extract<Gateway, { at: 'sent' }>,
  { contract }: Setting,
): Move | null {
  const sent = world.packets.find((packet) => packet.from === name && packet.attempt === attempt);
  // The answer comes with the arrival: what is on its way is waited for.
  if (sent !== undefined && world.now < sent.sentAt + contract.submitTimeoutSeconds * 1000) return null;
  const news = { kind: 'unknown', cause: 'UNKNOWN_CAUSE_TIMEOUT' } as const;
  return {
    label: `gives up on the answer of attempt ${attempt}`,
    to: withGateway(world, name, isRepeat ? { at: 'idle' } : { at: 'heard', attempt, news }),
  };
}

/** Claim, load, plan, act. */
function wakeUp(world: World, name: GatewayName, setting: Setting): Move | null {
  const { lease: held, now, state } = world;
  if (held !== null && now < held.until && clock(world) < lastTick) return null;
  const action = setting.rules.plan(state, now, () => setting.contract);
  return act({ ...world, lease: null }, name, action, setting);
}

function act(world: World, name: GatewayName, action: GatewayAction, setting: Setting): Move | null {
  const { contract, rules } = setting;
  switch (action.do) {
    case 'append':
      return {
        label: 'brings about what is due',
        to: append(world, rules.decide(action.command, world.state)),
      };
    case 'submit': {
      if (world.state.attempts.length >= mostAttempts) return null;
      const isListed = contract.submit === 'lookup' || contract.submit === 'keyed-reject';
      for (const { number } of isListed ? action.lookUpFirst : []) {
        const found = lookUp(world, number, contract);
        if (found.kind !== 'absent')
          return { label: `finds attempt ${number} after all`, to: tell(world, setting, number, found) };
      }
      return {
        label: 'claims the row',
        to: withGateway(lease(world, name), name, { at: 'claimed', model: action.model }),
      };
    }
    case 'declare-sender-gone':
      return {
        label: `declares the sender of attempt ${action.attempt.number} gone`,
        to: tell(world, setting, action.attempt.number, {
          kind: 'unknown',
          cause: 'UNKNOWN_CAUSE_SENDER_GONE',
        }),
      };
    case 'settle':
      return settle(world, name, action, setting);
    case 'poll':
      return ask(world, name, action.attempt);
    case 'cancel-at-vendor': {
      const job = jobOf(world, action.attempt);
      const canceled = job?.status === 'running' && contract.cancel === 'any-time';
      const then = canceled ? withJob(world, job, 'canceled') : world;
      return ask(then, name, action.attempt);
    }
    default:
      return null;
  }
}

const jobOf = (world: World, attempt: Attempt) => world.jobs.find(({ id }) => id === attempt.vendorJobId);

/** Asks for a job; what it says is told later. That it still runs is no news. */
function ask(world: World, name: GatewayName, attempt: Attempt): Move | null {
  const job = jobOf(world, attempt);
  if (job === undefined || job.status === 'running') return null;
  const { number } = attempt;
  return {
    label: `asks for ${job.id}`,
    to: withGateway(lease(world, name), name, { at: 'heard', attempt: number, news: newsOf(job) }),
  };
}

function settle(
  world: World,
  name: GatewayName,
  { attempt, settlement }: Extract<GatewayAction, { do: 'settle' }>,
  { contract, rules }: Setting,
): Move | null {
  const { number } = attempt;
  const staged = world.staged.find((answer) => answer.attempt === number);
  const hears = (label: string, news: Extract<Gateway, { at: 'heard' }>['news']): Move => ({
    label,
    to: withGateway(lease(world, name), name, { at: 'heard', attempt: number, news }),
  });
  if (staged !== undefined) return hears(`reads the staged answer of attempt ${number}`, staged.news);
  const repeat = (): Move | null => {
    const sendBy = world.now + contract.sendBySeconds * 1000;
    const then = append(
      world,
      rules.decide(
        { type: 'repeat-submission', now: world.now, attempt: number, sendBy, contract },
        world.state,
      ),
    );
    const started = { at: 'started', attempt: number, sendBy, isRepeat: true } as const;
    return then === world
      ? null
      : { label: `records a repeat of attempt ${number}`, to: withGateway(lease(then, name), name, started) };
  };
  switch (settlement.by) {
    case 'look-up': {
      const found = lookUp(world, number, contract);
      if (found.kind !== 'absent') return hears(`finds attempt ${number}`, found);
      if (contract.absence === 'proof') return hears(`does not find attempt ${number}`, found);
      return settlement.mayRepeat ? repeat() : null;
    }
    case 'replay':
      return repeat();
    case 'poll':
      return ask(world, name, attempt);
    case 'waiting':
      return null;
  }
}
