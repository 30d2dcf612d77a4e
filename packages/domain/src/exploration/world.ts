import type { Command, Decision, VendorNews } from '../commands.js';
import type { PlacedEvent } from '../event.js';
import type { GatewayAction, planGateway } from '../plan-gateway.js';
import type { GenerationState } from '../state.js';
import type { SubmissionContract } from '../submission-contract.js';
import { start } from '../testing/a-generation.js';
import type { Recorder, Stream } from './stream.js';

/** One second of a world of few of them. */
export const tick = 1_000;
/** Submissions that are started at most. Of one more it is only asked whether it could be started, and what it would cost. */
export const mostAttempts = 2;

export type GatewayName = 'A' | 'B';

/** Where a gateway stands in a submit. A stall is a gateway whose turn does not come while time passes. */
export type Gateway =
  | { readonly at: 'idle' }
  /** Row claimed, body built, socket open. */
  | { readonly at: 'claimed' }
  /** Intent recorded: the log's answer is here, and nothing was sent. */
  | { readonly at: 'started'; readonly attempt: number; readonly sendBy: number; readonly isRepeat: boolean }
  /** Bytes sent, no answer. */
  | { readonly at: 'sent'; readonly attempt: number; readonly isRepeat: boolean }
  /** Something was heard, and is not appended. Of an empty listing `lookedUpAt` counts from when on it is a proof. */
  | { readonly at: 'heard'; readonly attempt: number; readonly news: VendorNews };

/** A submission on its way. */
export interface Packet {
  readonly attempt: number;
  /** Who waits for the answer; null: it died. */
  readonly from: GatewayName | null;
  readonly sentAt: number;
}

/** What the vendor made of a submission: each one is charged. */
export interface Job {
  readonly id: string;
  readonly attempt: number;
  readonly at: number;
  /** `running`: or done since, which nobody has seen. */
  readonly status: 'running' | 'done' | 'canceled';
}

/** What people may ask for. */
export type Request = 'cancel' | 'retry' | 'fail' | 'settle' | 'adopt';

/** What may still go wrong, or be asked, in this world. Stalls and the passing of time are not counted. */
export interface Left {
  readonly lostReplies: number;
  readonly refusals: number;
  readonly crashes: number;
  readonly webhooks: number;
  /** The client's. */
  readonly cancels: number;
  /** The operators', of whichever kind. */
  readonly orders: number;
}

export interface World {
  readonly now: number;
  readonly stream: Stream;
  readonly lease: { readonly holder: GatewayName; readonly until: number } | null;
  readonly gateways: Readonly<Record<GatewayName, Gateway>>;
  readonly packets: readonly Packet[];
  readonly jobs: readonly Job[];
  /** Answers that were staged before anything was appended. */
  readonly staged: readonly { readonly attempt: number; readonly news: VendorNews }[];
  readonly left: Left;
  /** Attempts beside which an event accepted that another is charged. */
  readonly accepted: readonly number[];
  /** By attempt: beside which ones it was accepted to be charged as it was started. */
  readonly beside: readonly (readonly number[])[];
  /** Somebody was told that this run will be canceled. */
  readonly isCanceled: boolean;
  /** What must not be, and came about with the last move. */
  readonly wrong: string | null;
}

/** The functions under exploration, so that faults can be planted without touching the product. */
export interface Rules {
  readonly decide: (command: Command, state: GenerationState) => Decision;
  readonly evolve: (state: GenerationState, event: PlacedEvent) => GenerationState;
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
  readonly recorder: Recorder;
}

export function firstWorld({ left, recorder }: Setting): World {
  return {
    now: start,
    stream: recorder.first,
    lease: null,
    gateways: { A: { at: 'idle' }, B: { at: 'idle' } },
    packets: [],
    jobs: [],
    staged: [],
    left,
    accepted: [],
    beside: [],
    isCanceled: false,
    wrong: null,
  };
}

/**
 * The world with what follows from the command appended; the same world where it is refused.
 * `name` tells the command from every other that can be asked in the same state at the same time.
 */
export function append(world: World, { recorder }: Setting, name: string, command: () => Command): World {
  const step = recorder.record(world.stream, world.now, name, command);
  if (step === null) return world;
  const { accepts, closes } = step;
  const accepted =
    accepts.length === 0 && closes.length === 0
      ? world.accepted
      : [...new Set([...world.accepted, ...accepts])]
          .filter((one) => !closes.includes(one))
          .sort((a, b) => a - b);
  const isCanceled = world.isCanceled && !step.startsRun;
  const beside = step.startsAttempt ? [...world.beside, accepted] : world.beside;
  return { ...world, stream: step.to, accepted, beside, isCanceled, wrong: world.wrong ?? step.wrong };
}

/** What tells one thing heard from another. */
export const nameOf = (news: VendorNews): string =>
  `${news.kind} ${'jobId' in news ? news.jobId : ''}${'lookedUpAt' in news ? news.lookedUpAt : ''}${'cause' in news ? news.cause : ''}`;

/** The log is told what was heard of an attempt, whenever it was heard. */
export function tell(world: World, setting: Setting, attempt: number, news: VendorNews): World {
  const { contract } = setting;
  return append(world, setting, `hear ${attempt} ${nameOf(news)}`, () => ({
    type: 'hear',
    now: world.now,
    attempt,
    news,
    contract,
    random: 0,
  }));
}

/** A gateway elsewhere. */
export function withGateway(world: World, name: GatewayName, gateway: Gateway): World {
  return { ...world, gateways: { ...world.gateways, [name]: gateway } };
}

/** Less of what may go wrong or be asked. */
export function spend(world: World, what: keyof Left): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}

/** Seconds since the request, for people. */
export const clock = (world: World): number => (world.now - start) / tick;
