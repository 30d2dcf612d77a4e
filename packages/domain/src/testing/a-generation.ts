import type { Command, CommandOf, ProducedOutput, VendorNews } from '../commands.js';
import { decide } from '../decide.js';
import type { EventOf, GenerationEvent, PlacedEvent } from '../event.js';
import { evolve } from '../evolve.js';
import type { GenerationState } from '../state.js';
import type { SubmissionContract } from '../submission-contract.js';
import { contracts } from './contracts.js';

/** When the requests of the tests are made. */
export const start = Date.parse('2026-01-01T00:00:00.000Z');
export const minute = 60_000;
/** Half an hour after the request. */
export const deadline = start + 30 * minute;
export const models = ['sim/fast', 'other/good'] as const;

const requestedAt = new Date(start).toISOString();
const request: EventOf<'GenerationRequested'> = {
  type: 'GenerationRequested',
  data: {
    model: 'a-route',
    route: [...models],
    width: 64,
    height: 64,
    count: 2,
    minCount: 1,
    seed: 7,
    outputFormat: 'OUTPUT_FORMAT_PNG',
    metadata: {},
    deadlineSeconds: 1800,
    deadline: new Date(deadline).toISOString(),
    requestedAt,
    estimatedCost: { micros: '40000', currency: 'USD' },
    promptDigest: { saltedSha256: 'ab', length: 3 },
  },
};

/** The first event of a stream. */
export function requestEvent(changes: Partial<EventOf<'GenerationRequested'>['data']> = {}): PlacedEvent {
  return { type: request.type, data: { ...request.data, ...changes }, version: 1, at: start };
}

/** A generation that was just asked for: two images of which one is enough. */
export function aGeneration(changes: Partial<EventOf<'GenerationRequested'>['data']> = {}): GenerationState {
  return evolve(undefined, requestEvent(changes));
}

/** The state after these events. */
export function record(
  state: GenerationState,
  events: readonly GenerationEvent[],
  at: number = state.updatedAt,
): GenerationState {
  return events.reduce(
    (before, event) => evolve(before, { ...event, version: before.version + 1, at }),
    state,
  );
}

/** Events that a command brings about. @throws where it is refused */
export function eventsOf(state: GenerationState, command: Command): readonly GenerationEvent[] {
  const decision = decide(command, state);
  if (decision.kind === 'refused') throw new Error(`${command.type} was refused: ${decision.reason}`);
  return decision.events;
}

/** Carries out commands. @throws where one is refused */
export function carryOut(state: GenerationState, ...commands: readonly Command[]): GenerationState {
  return commands.reduce(
    (before, command) =>
      record(before, eventsOf(before, command), 'now' in command ? command.now : before.updatedAt),
    state,
  );
}

/** Why a command is refused; undefined: it is not. */
export function refusalOf(state: GenerationState, command: Command): string | undefined {
  const decision = decide(command, state);
  return decision.kind === 'refused' ? decision.reason : undefined;
}

/** A submit at this time, five seconds to send it. */
export function submit(
  now: number = start,
  changes: Partial<CommandOf<'start-submission'>> = {},
): CommandOf<'start-submission'> {
  return {
    type: 'start-submission',
    now,
    account: 'sim-account',
    model: models[0],
    reference: 'ref',
    seed: 7,
    sendBy: now + 5_000,
    estimatedCost: { micros: '40000', currency: 'USD' },
    isProbe: false,
    ...changes,
  };
}

/** Something heard of an attempt. */
export function heard(
  news: VendorNews,
  {
    now = start + 1_000,
    attempt = 1,
    contract = contracts.lookup,
    ...more
  }: {
    readonly now?: number;
    readonly attempt?: number;
    readonly contract?: SubmissionContract;
    readonly policy?: NonNullable<CommandOf<'hear'>['policy']>;
  } = {},
): CommandOf<'hear'> {
  return { type: 'hear', now, attempt, news, contract, random: 0.5, ...more };
}

export const accepted = (jobId = 'job-1'): VendorNews => ({ kind: 'accepted', jobId });

export const lost: VendorNews = { kind: 'unknown', cause: 'UNKNOWN_CAUSE_REPLY_LOST' };

/** Images with links, as many as named. */
export function produced(jobId: string | null = 'job-1', count = 2): VendorNews {
  const outputs = Array.from({ length: count }, (_, index): ProducedOutput => ({
    index,
    sha256: '',
    bytes: '0',
    mediaType: 'image/png',
  }));
  const links = outputs.map(({ index }) => ({
    index,
    url: `https://cdn.example/${index}.png`,
    stagingKey: '',
    expiresAt: new Date(deadline).toISOString(),
  }));
  return { kind: 'produced', jobId, outputs, links };
}

export const ended = (
  end:
    | 'ATTEMPT_END_VENDOR_FAILED'
    | 'ATTEMPT_END_MODERATED'
    | 'ATTEMPT_END_VENDOR_CANCELED' = 'ATTEMPT_END_VENDOR_FAILED',
  jobId: string | null = 'job-1',
): VendorNews => ({
  kind: 'ended',
  jobId,
  end,
  failureClass:
    end === 'ATTEMPT_END_MODERATED' ? 'FAILURE_CLASS_CONTENT_REJECTED' : 'FAILURE_CLASS_VENDOR_FAULT',
  vendorCode: 'E1',
  vendorMessage: 'no',
});

/** A verified image of this index. */
export function storedArtifact(attempt: number, index: number): CommandOf<'store-artifact'>['artifact'] {
  return {
    attempt,
    index,
    artifactId: `00000000-0000-7000-8000-00000000000${index}`,
    storageKey: `a/${index}`,
    mediaType: 'image/png',
    declaredMediaType: 'image/png',
    width: 64,
    height: 64,
    bytes: '100',
    sha256: 'cd',
    placeholder: '',
    thumbnailKey: `t/${index}`,
  };
}
