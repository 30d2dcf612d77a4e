import type { Command, Decision, VendorNews } from '../commands.js';
import type { GenerationEvent } from '../event.js';
import { evolve } from '../evolve.js';
import type { GatewayAction, planGateway } from '../plan-gateway.js';
import type { GenerationState } from '../state.js';
import type { SubmissionContract } from '../submission-contract.js';
import { aGeneration, start } from '../testing/a-generation.js';

/** One second of a world of few of them. */
export const tick = 1_000;
/** Nobody is slower than this; behind it leases are over, and what is left can only be waited for. */
export const lastTick = 6;
export const lastWait = 20;
const ticksToDeadline = 4;
/** Submissions that are started at most: with two there is a second charge. */
export const mostAttempts = 2;
/** A world that is larger than this is not small. */
export const mostWorlds = 400_000;

export type GatewayName = 'A' | 'B';

/** Where a gateway stands in a submit. A stall is a gateway whose turn does not come while time passes. */
export type Gateway =
  | { readonly at: 'idle' }
  /** Row claimed, body built, socket open. */
  | { readonly at: 'claimed'; readonly model: string }
  /** Intent recorded: the log's answer is here, and nothing was sent. */
  | { readonly at: 'started'; readonly attempt: number; readonly sendBy: number; readonly isRepeat: boolean }
  /** Bytes sent, no answer. */
  | { readonly at: 'sent'; readonly attempt: number; readonly isRepeat: boolean }
  /** Something was heard, and is not appended. */
  | { readonly at: 'heard'; readonly attempt: number; readonly news: VendorNews };

/** A submission on its way. */
export interface Packet {
  readonly attempt: number;
  readonly from: GatewayName;
  readonly sentAt: number;
}

/** What the vendor made of a submission: each one is charged. */
export interface Job {
  readonly id: string;
  readonly attempt: number;
  readonly at: number;
  readonly status: 'running' | 'done' | 'canceled';
}

/** What may still go wrong, or be asked, in this world. */
export type Request = 'cancel' | 'retry' | 'settle' | 'adopt';

export interface Left {
  readonly lostReplies: number;
  readonly refusals: number;
  readonly crashes: number;
  readonly requests: number;
  readonly webhooks: number;
}

export interface World {
  readonly now: number;
  readonly state: GenerationState;
  readonly lease: { readonly holder: GatewayName; readonly until: number } | null;
  readonly gateways: Readonly<Record<GatewayName, Gateway>>;
  readonly packets: readonly Packet[];
  readonly jobs: readonly Job[];
  /** Answers that were staged before anything was appended. */
  readonly staged: readonly { readonly attempt: number; readonly news: VendorNews }[];
  readonly left: Left;
  /** Events that named an accepted second charge. */
  readonly acceptances: number;
  /** The run whose cancellation somebody was told of. */
  readonly canceledRun: number | null;
  /** Jobs that the log was told of. */
  readonly told: readonly string[];
}

/** The functions under exploration, so that faults can be planted without touching the product. */
export interface Rules {
  readonly decide: (command: Command, state: GenerationState) => Decision;
  readonly plan: (...of: Parameters<typeof planGateway>) => GatewayAction;
  /** Asked by the sender in the very tick that writes. */
  readonly maySend: (now: number, sendBy: number) => boolean;
}

/** One way the world may go on. */
export interface Move {
  readonly label: string;
  readonly to: World;
}

export interface Setting {
  readonly contract: SubmissionContract;
  readonly rules: Rules;
  readonly left: Left;
  /** What people may ask for in this world. */
  readonly asks: readonly Request[];
}

export function firstWorld(left: Left): World {
  const deadline = new Date(start + ticksToDeadline * tick).toISOString();
  return {
    now: start,
    state: aGeneration({
      count: 1,
      minCount: 1,
      deadlineSeconds: ticksToDeadline,
      deadline,
      route: ['sim/fast'],
    }),
    lease: null,
    gateways: { A: { at: 'idle' }, B: { at: 'idle' } },
    packets: [],
    jobs: [],
    staged: [],
    left,
    acceptances: 0,
    canceledRun: null,
    told: [],
  };
}

const acceptsASecondCharge = ({ type, data }: GenerationEvent): boolean =>
  (type === 'RetryOrdered' || type === 'SubmissionResolved') && data.acceptDoubleCharge;

/** The world with what was decided appended; the same world where it was refused. */
export function append(world: World, decision: Decision): World {
  if (decision.kind === 'refused') return world;
  return {
    ...world,
    state: decision.events.reduce<GenerationState>(
      (state, event) => evolve(state, { ...event, version: state.version + 1, at: world.now }),
      world.state,
    ),
    acceptances: world.acceptances + decision.events.filter(acceptsASecondCharge).length,
  };
}

/** The log is told what was heard of an attempt, whenever it was heard. */
export function tell(world: World, setting: Setting, attempt: number, news: VendorNews): World {
  const { contract, rules } = setting;
  const decision = rules.decide(
    { type: 'hear', now: world.now, attempt, news, contract, random: 0 },
    world.state,
  );
  const then = append(world, decision);
  const job = 'jobId' in news ? news.jobId : null;
  return job === null || then.told.includes(job) ? then : { ...then, told: [...then.told, job].sort() };
}

/** A gateway elsewhere. */
export function withGateway(world: World, name: GatewayName, gateway: Gateway): World {
  return { ...world, gateways: { ...world.gateways, [name]: gateway } };
}

/** Seconds since the request, for people. */
export const clock = (world: World): number => (world.now - start) / tick;
