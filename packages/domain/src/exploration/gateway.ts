import type { VendorNews } from '../commands.js';
import { absenceProvenFrom } from '../decide-hear-disproof.js';
import type { GatewayAction } from '../plan-gateway.js';
import { type Attempt, attemptOf } from '../state.js';
import { submit } from '../testing/a-generation.js';
import { cancel, lookUp, type Sight, sightsOf } from './vendor.js';
import {
  append,
  type Gateway,
  type GatewayName,
  mostAttempts,
  type Move,
  type Setting,
  spend,
  tell,
  tick,
  withGateway,
  type World,
} from './world.js';

// A global of a test's realm is looked up anew each time: the exploration took twelve times as long.
const { max, min } = Math;

const leaseTicks = 2;

/** What the two gateways may do next. */
export function gatewayMoves(world: World, setting: Setting): Move[] {
  const { A, B } = world.gateways;
  // Of two that do nothing either may wake up, and it makes no difference which.
  return A.at === 'idle' && B.at === 'idle'
    ? movesOf(world, 'A', setting)
    : [...movesOf(world, 'A', setting), ...movesOf(world, 'B', setting)];
}

function movesOf(world: World, name: GatewayName, setting: Setting): Move[] {
  const gateway = world.gateways[name];
  const moves = stepsOf(world, name, gateway, setting).map(({ label, to }) => ({
    label: `${name} ${label}`,
    to,
  }));
  // Who dies with a row claimed and nothing recorded leaves a lease behind, which only makes the others wait.
  if (gateway.at === 'idle' || gateway.at === 'claimed' || world.left.crashes === 0) return moves;
  return [
    ...moves,
    {
      label: `${name} dies when ${gateway.at}`,
      to: spend(die(world, name), 'crashes'),
    },
  ];
}

/** Nobody hears any more what is answered to it. */
function die(world: World, name: GatewayName): World {
  const packets = world.packets.map((packet) => (packet.from === name ? { ...packet, from: null } : packet));
  return withGateway({ ...world, packets }, name, { at: 'idle' });
}

function stepsOf(world: World, name: GatewayName, gateway: Gateway, setting: Setting): Move[] {
  switch (gateway.at) {
    case 'idle':
      return wakeUp(world, name, setting);
    case 'claimed':
      return [start(world, name, setting)];
    case 'started':
      return [send(world, name, gateway)];
    case 'sent':
      // The answer, or that none comes, is heard as soon as the submission has arrived.
      return [];
    case 'heard': {
      const told = tellWhatWasHeard(world, gateway, setting);
      return [
        {
          label: `tells of attempt ${gateway.attempt}: ${gateway.news.kind}`,
          to: release(withGateway(told, name, { at: 'idle' }), name),
        },
      ];
    }
  }
}

function tellWhatWasHeard(
  world: World,
  { attempt, news }: Extract<Gateway, { at: 'heard' }>,
  setting: Setting,
): World {
  const about = attemptOf(world.stream.state, attempt);
  return news.kind === 'absent' && about !== undefined
    ? tell(world, setting, attempt, {
        ...news,
        lookedUpAt: news.lookedUpAt + absenceProvenFrom(about, setting.contract),
      })
    : tell(world, setting, attempt, news);
}

/**
 * Steps that nobody else can see, taken at once: who is too late to send turns away, and what cannot change anything any
 * more is forgotten. In both cases the gateway has nothing else to do, and nothing can come between.
 */
export function withoutIdleSteps(world: World, setting: Setting): World {
  return settled(settled(world, 'A', setting), 'B', setting);
}

function settled(world: World, name: GatewayName, setting: Setting): World {
  const gateway = world.gateways[name];
  if (gateway.at === 'started' && !setting.rules.maySend(world.now, gateway.sendBy))
    return settled(turnAway(world, name, gateway), name, setting);
  return gateway.at === 'heard' && isOfNoUse(world, gateway, setting)
    ? release(withGateway(world, name, { at: 'idle' }), name)
    : world;
}

/** Whether what was heard changes nothing now, nor in any time to come. */
function isOfNoUse(world: World, gateway: Extract<Gateway, { at: 'heard' }>, setting: Setting): boolean {
  const { attempt: number, news } = gateway;
  const isDisproof = news.kind === 'absent' || news.kind === 'not_sent' || news.kind === 'refused';
  if (!isDisproof && news.kind !== 'unknown') return false;
  const attempt = attemptOf(world.stream.state, number);
  if (attempt === undefined || attempt.status === 'started') return false;
  // An attempt that was settled is not open again, and an answer of a first send that was repeated stays without weight.
  const isSettled =
    news.kind === 'unknown' ||
    (attempt.status !== 'unknown' && attempt.status !== 'given_up') ||
    (news.kind === 'absent' ? news.lookedUpAt < 0 : attempt.repeats > 0);
  return isSettled && tellWhatWasHeard(world, gateway, setting) === world;
}

const lease = (world: World, name: GatewayName): World => ({
  ...world,
  lease: { holder: name, until: world.now + leaseTicks * tick },
});

const release = (world: World, name: GatewayName): World =>
  world.lease?.holder === name ? { ...world, lease: null } : world;

/** Claim, load, plan, act. */
function wakeUp(world: World, name: GatewayName, setting: Setting): Move[] {
  const { lease: held, now, stream } = world;
  if (held !== null && now < held.until) return [];
  const other = name === 'A' ? 'B' : 'A';
  // Who claimed the row before, and did not record a start, finds itself fenced and has nothing else left to do.
  const free = world.gateways[other].at === 'claimed' ? withGateway(world, other, { at: 'idle' }) : world;
  const action = setting.recorder.plan(stream, now);
  return act({ ...free, lease: null }, name, action, setting);
}

function act(world: World, name: GatewayName, action: GatewayAction, setting: Setting): Move[] {
  const { contract } = setting;
  switch (action.do) {
    case 'append': {
      const { command } = action;
      return [{ label: 'brings about what is due', to: append(world, setting, 'tick', () => command) }];
    }
    case 'submit':
      return claim(world, name, action, setting);
    case 'declare-sender-gone': {
      const { number } = action.attempt;
      const news = { kind: 'unknown', cause: 'UNKNOWN_CAUSE_SENDER_GONE' } as const;
      return [
        { label: `declares the sender of attempt ${number} gone`, to: tell(world, setting, number, news) },
      ];
    }
    case 'settle':
      return settle(world, name, action, setting);
    case 'give-up': {
      const attempt = action.attempt.number;
      const asked = { type: 'give-up', now: world.now, attempt, contract, random: 0, reason: '' } as const;
      return [
        {
          label: `gives attempt ${attempt} up, as is written`,
          to: append(world, setting, `give up ${attempt}`, () => asked),
        },
      ];
    }
    case 'poll':
      return poll(world, name, action.attempt);
    case 'cancel-at-vendor': {
      const job = jobOf(world, action.attempt);
      if (job === undefined || contract.cancel === 'never') return poll(world, name, action.attempt);
      return hearing(name, action.attempt.number, `asks to cancel ${job.id}`, cancel(world, job));
    }
    default:
      return [];
  }
}

function claim(
  world: World,
  name: GatewayName,
  { lookUpFirst }: Extract<GatewayAction, { do: 'submit' }>,
  setting: Setting,
): Move[] {
  const { contract } = setting;
  const isListed = contract.submit === 'lookup' || contract.submit === 'keyed-reject';
  for (const { number } of isListed ? lookUpFirst : []) {
    const job = lookUp(world, number, contract);
    if (job !== undefined)
      return sightsOf(world, job).map((sight) => ({
        label: `finds attempt ${number} after all, ${sight.job.status}`,
        to: tell(sight.world, setting, number, sight.news),
      }));
  }
  if (world.stream.state.attempts.length < mostAttempts)
    // A claim that looked nothing up differs from one made later only in making others wait.
    return !isListed || lookUpFirst.length === 0
      ? [start(world, name, setting)]
      : [{ label: 'claims the row', to: withGateway(lease(world, name), name, { at: 'claimed' }) }];
  const wrong = wouldBePaidTwice(world, setting);
  return wrong === null ? [] : [{ label: 'may submit once more', to: { ...world, wrong } }];
}

function startCommand({ now }: World, { contract }: Setting) {
  return submit(now, { sendBy: now + contract.sendBySeconds * 1000 });
}

/** Whether a start beyond the last one that is followed could be charged beside another charge that nobody accepted. */
function wouldBePaidTwice(world: World, setting: Setting): string | null {
  const { accepted, gateways, jobs, now, packets } = world;
  const { stream } = append(world, setting, 'start', () => startCommand(world, setting));
  if (stream === world.stream) return null;
  const mayYetSend = [gateways.A, gateways.B].flatMap((one) =>
    one.at === 'started' && setting.rules.maySend(now, one.sendBy) ? [one] : [],
  );
  const charged = [...jobs, ...packets, ...mayYetSend].find(({ attempt }) => !accepted.includes(attempt));
  return charged === undefined
    ? null
    : `attempt ${stream.state.current} may be started beside the charge of attempt ${charged.attempt}, which nobody accepted`;
}

function start(world: World, name: GatewayName, setting: Setting): Move {
  const command = startCommand(world, setting);
  const then = append(world, setting, 'start', () => command);
  const attempt = then.stream.state.current;
  if (then === world || attempt === null)
    return { label: 'may not start', to: release(withGateway(world, name, { at: 'idle' }), name) };
  const started = { at: 'started', attempt, sendBy: command.sendBy, isRepeat: false } as const;
  return {
    label: `records the start of attempt ${attempt}`,
    to: withGateway(lease(then, name), name, started),
  };
}

function send(
  world: World,
  name: GatewayName,
  { attempt, isRepeat }: Extract<Gateway, { at: 'started' }>,
): Move {
  return {
    label: `sends attempt ${attempt}${isRepeat ? ' again' : ''}`,
    to: {
      ...withGateway(world, name, { at: 'sent', attempt, isRepeat }),
      packets: [...world.packets, { attempt, from: name, sentAt: world.now }],
    },
  };
}

/** It is too late to send. */
function turnAway(
  world: World,
  name: GatewayName,
  { attempt, isRepeat }: Extract<Gateway, { at: 'started' }>,
): World {
  const news = { kind: 'not_sent', failureClass: 'FAILURE_CLASS_TIMEOUT', reason: 'send_by' } as const;
  return withGateway(world, name, isRepeat ? { at: 'idle' } : { at: 'heard', attempt, news });
}

const jobOf = (world: World, attempt: Attempt) => world.jobs.find(({ id }) => id === attempt.vendorJobId);

/** What is seen now is told later. */
function hearing(name: GatewayName, attempt: number, label: string, sights: readonly Sight[]): Move[] {
  return sights.map(({ world, job, news }) => ({
    label: `${label}: ${job.status}`,
    to: withGateway(lease(world, name), name, { at: 'heard', attempt, news }),
  }));
}

/** Asks for a job. That it still runs is no news. */
function poll(world: World, name: GatewayName, attempt: Attempt): Move[] {
  const job = jobOf(world, attempt);
  const sights =
    job === undefined ? [] : sightsOf(world, job).filter((sight) => sight.job.status !== 'running');
  return hearing(name, attempt.number, `asks for ${job?.id}`, sights);
}

function settle(
  world: World,
  name: GatewayName,
  { attempt, settlement }: Extract<GatewayAction, { do: 'settle' }>,
  setting: Setting,
): Move[] {
  const { contract } = setting;
  const { number } = attempt;
  const staged = world.staged.find((answer) => answer.attempt === number);
  const hears = (label: string, news: VendorNews): Move[] => [
    { label, to: withGateway(lease(world, name), name, { at: 'heard', attempt: number, news }) },
  ];
  if (staged !== undefined) return hears(`reads the staged answer of attempt ${number}`, staged.news);
  switch (settlement.by) {
    case 'look-up': {
      const job = lookUp(world, number, contract);
      if (job !== undefined) return hearing(name, number, `finds attempt ${number}`, sightsOf(world, job));
      if (contract.absence === 'proof')
        return hears(`does not find attempt ${number}`, {
          kind: 'absent',
          lookedUpAt: max(-tick, min(0, world.now - absenceProvenFrom(attempt, contract))),
        });
      return settlement.mayRepeat ? repeat(world, name, number, setting) : [];
    }
    case 'replay':
      return repeat(world, name, number, setting);
    case 'poll':
      return poll(world, name, attempt);
    case 'waiting':
      return [];
  }
}

function repeat(world: World, name: GatewayName, attempt: number, setting: Setting): Move[] {
  const { now } = world;
  const { contract } = setting;
  const sendBy = now + contract.sendBySeconds * 1000;
  const then = append(world, setting, `repeat ${attempt}`, () => ({
    type: 'repeat-submission',
    now,
    attempt,
    sendBy,
    contract,
  }));
  const started = { at: 'started', attempt, sendBy, isRepeat: true } as const;
  return then === world
    ? []
    : [
        {
          label: `records a repeat of attempt ${attempt}`,
          to: withGateway(lease(then, name), name, started),
        },
      ];
}
