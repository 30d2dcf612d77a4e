import type { FailureClass, UnknownCause } from '@darkroom/contract';
import {
  type Evidence,
  noMoney,
  type OutputLink,
  type ProducedOutput,
  type VendorNews,
} from '@darkroom/domain';
import type { Lost, NotSent } from '@darkroom/platform';
import type { JobState, VendorOutput } from '@darkroom/providers';

/** Where the bytes of an inline output were staged, by its index. */
export type StagedKeys = ReadonlyMap<number, string>;

/** What is true of the links of a job. */
export interface Links {
  /** When those that were given just now end, RFC 3339; null: they do not, or nobody says. */
  readonly expiresAt: string | null;
  /** What relative ones are relative to. */
  readonly baseUrl: string;
}

/** What a job's state, as the vendor tells it, means for its attempt. */
export function newsOfState(
  jobId: string | null,
  state: JobState,
  staged: StagedKeys,
  links: Links,
): VendorNews {
  switch (state.kind) {
    case 'open':
      // Without an id there is nothing to ask for again: the answer told nothing.
      return jobId === null
        ? { kind: 'unknown', cause: 'UNKNOWN_CAUSE_UNREADABLE' }
        : {
            kind: 'running',
            jobId,
            percent: state.percent,
            queuePosition: state.queuePosition,
            vendorStatus: state.vendorStatus,
          };
    case 'produced':
      return {
        kind: 'produced',
        jobId,
        outputs: state.outputs.map(producedOutput),
        links: state.outputs.flatMap((output) => linkOf(output, staged, links)),
        cost: state.cost ?? noMoney,
      };
    case 'failed':
      return {
        kind: 'ended',
        jobId,
        end: state.end,
        failureClass: state.failureClass,
        vendorCode: state.vendorCode,
        vendorMessage: state.vendorMessage,
        ...free(state),
      };
    case 'canceled':
      return {
        kind: 'ended',
        jobId,
        end: 'ATTEMPT_END_VENDOR_CANCELED',
        failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
        vendorCode: 'canceled',
        vendorMessage: 'the job was canceled at the provider',
        ...free(state),
      };
  }
}

const free = ({ isFree }: { readonly isFree?: true }): { isFree?: true } => (isFree ? { isFree } : {});

function producedOutput(output: VendorOutput): ProducedOutput {
  const { index, sha256, bytes, mediaType } = output;
  return { index, sha256, bytes: String(bytes), mediaType };
}

/** The link of an output; none where inline bytes were not staged, or where it leads nowhere. */
export function linkOf(
  output: VendorOutput,
  staged: StagedKeys,
  { expiresAt, baseUrl }: Links,
): OutputLink[] {
  const { index, source } = output;
  if (source.kind === 'link') {
    // Adapters leave out what leads nowhere: what does so all the same must not stop whoever reads it, time and again.
    if (!URL.canParse(source.url, `${baseUrl}/`)) return [];
    const { href: url } = new URL(source.url, `${baseUrl}/`);
    return [{ index, url, stagingKey: '', ...(expiresAt === null ? {} : { expiresAt }) }];
  }
  const stagingKey = staged.get(index);
  return stagingKey === undefined ? [] : [{ index, url: '', stagingKey }];
}

/** Nothing of the submit left this process. */
export function newsOfNotSent(outcome: NotSent): VendorNews {
  const failureClass: FailureClass =
    outcome.reason === 'connect_timeout' ? 'FAILURE_CLASS_TIMEOUT' : 'FAILURE_CLASS_NETWORK';
  return { kind: 'not_sent', failureClass, reason: `${outcome.reason}: ${outcome.error}`.slice(0, 500) };
}

/** The submit may have arrived; what came back is no answer. */
export function newsOfLost(outcome: Lost, evidence: Evidence): VendorNews {
  const causes: Readonly<Record<Lost['reason'], UnknownCause>> = {
    timeout: 'UNKNOWN_CAUSE_TIMEOUT',
    reset: 'UNKNOWN_CAUSE_REPLY_LOST',
    canceled: 'UNKNOWN_CAUSE_REPLY_LOST',
    too_large: 'UNKNOWN_CAUSE_UNREADABLE',
    malformed: 'UNKNOWN_CAUSE_UNREADABLE',
  };
  return { kind: 'unknown', cause: causes[outcome.reason], evidence };
}
