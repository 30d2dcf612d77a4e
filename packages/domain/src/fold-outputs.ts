import { worseCharge } from './charge.js';
import type { EventOf, PlacedEvent } from './event.js';
import { takeUp, withAttempt } from './fold-submission.js';
import { isNamed } from './money.js';
import { attemptOf, type GenerationState, type Output } from './state.js';

/** What happens to the outputs of the attempt whose images are being stored. */
export function foldOutputs(state: GenerationState, event: PlacedEvent): GenerationState {
  switch (event.type) {
    case 'OutputsProduced':
      return produced(state, event);
    case 'OutputsRefreshed':
      return withOutput(state, event.data.index, (output) => ({
        refreshes: output.refreshes + 1,
        needsLink: false,
        source: event.data.link === undefined ? 'missing' : sourceOf(event.data.link),
      }));
    case 'ArtifactStored':
      return stored(state, event);
    case 'ArtifactRejected':
      return withOutput(state, event.data.index, (output) => ({
        status: event.data.givenUp ? 'given_up' : 'pending',
        rejections: output.rejections + 1,
        lastRejection: event.data.reason,
        needsLink: !event.data.givenUp,
      }));
    default:
      return state;
  }
}

function withOutput(
  state: GenerationState,
  index: number,
  change: (output: Output) => Partial<Output>,
): GenerationState {
  return {
    ...state,
    outputs: state.outputs.map((output) =>
      output.index === index ? { ...output, ...change(output) } : output,
    ),
  };
}

const sourceOf = (link: { readonly stagingKey: string }): Output['source'] =>
  link.stagingKey === '' ? 'link' : 'staged';

function produced(state: GenerationState, event: PlacedEvent & EventOf<'OutputsProduced'>): GenerationState {
  const { data, at } = event;
  const sources = new Map(data.links.map((link) => [link.index, sourceOf(link)]));
  const taken = takeUp(state, data.attempt);
  const job = attemptOf(state, data.attempt)?.vendorJobId ?? '';
  return {
    ...withAttempt(taken, data.attempt, (attempt) => ({
      status: 'produced',
      everAccepted: true,
      charge: worseCharge(attempt.charge, data.charge),
      cost: isNamed(data.cost) ? data.cost : attempt.cost,
      percent: 100,
      end: null,
      failureClass: null,
      endedAt: at,
    })),
    abandonOrdered: null,
    // Its job was left behind once, and is of use now.
    orphans: state.orphans.map((orphan) =>
      orphan.attempt === data.attempt && orphan.vendorJobId === job ? { ...orphan, adopted: true } : orphan,
    ),
    outputs: data.outputs.map((output) => ({
      index: output.index,
      status: 'pending',
      sha256: output.sha256,
      bytes: output.bytes,
      mediaType: output.mediaType,
      source: sources.get(output.index) ?? 'missing',
      refreshes: 0,
      rejections: 0,
      lastRejection: null,
      needsLink: false,
      artifact: null,
    })),
  };
}

function stored(
  state: GenerationState,
  { data, at }: PlacedEvent & EventOf<'ArtifactStored'>,
): GenerationState {
  return withOutput(state, data.index, () => ({
    status: 'stored',
    needsLink: false,
    artifact: {
      id: data.artifactId,
      storageKey: data.storageKey,
      thumbnailKey: data.thumbnailKey,
      mediaType: data.mediaType,
      width: data.width,
      height: data.height,
      bytes: data.bytes,
      sha256: data.sha256,
      placeholder: data.placeholder,
      storedAt: at,
    },
  }));
}
