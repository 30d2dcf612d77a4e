import { currentAttempt, type GenerationState, type Phase } from './state.js';

/** What clients see of a phase. */
export type Status = 'queued' | 'processing' | 'verifying' | 'succeeded' | 'failed' | 'canceled';

/** The status word of each phase. */
export const statusOfPhase: Readonly<Record<Phase, Status>> = {
  requested: 'queued',
  waiting: 'queued',
  submitting: 'processing',
  unresolved: 'processing',
  processing: 'processing',
  storing: 'verifying',
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};

/** One glossary for API, documentation and pages: what each reason means. */
export const statusGlossary = {
  waiting_for_slot: 'Waiting for a free place at the provider.',
  provider_capacity: 'The provider is at capacity',
  retry_scheduled: 'The last try did not get through',
  provider_outage: 'The provider has an outage; the request waits for it.',
  provider_paused: 'The provider account is paused; the request waits for it.',
  submitting: 'Being handed to the provider.',
  confirming_with_provider:
    "The provider's answer was lost; whether it took the request is being confirmed before anything is tried again.",
  needs_attention: 'Nobody can tell by machine whether the provider took the request; a person decides.',
  canceling: 'Being canceled at the provider.',
  fetching_again: 'An image did not arrive intact and is fetched again.',
} as const;
export type StatusReasonCode = keyof typeof statusGlossary;

export interface StatusReason {
  readonly code: StatusReasonCode;
  readonly message: string;
  /** Milliseconds since the epoch, where the reason ends at a known time. */
  readonly until?: number;
}

export interface DescribedStatus {
  readonly status: Status;
  readonly reason: StatusReason | null;
}

/** Longest wait that is not worth a word. Milliseconds. */
const unremarkable = 2_000;

/** How a generation stands, in the words that clients see, at this time (milliseconds since the epoch). */
export function describeStatus(state: GenerationState, now: number): DescribedStatus {
  return { status: statusOfPhase[state.phase], reason: reasonOf(state, now) };
}

const plain = (code: StatusReasonCode): StatusReason => ({ code, message: statusGlossary[code] });

function reasonOf(state: GenerationState, now: number): StatusReason | null {
  switch (state.phase) {
    case 'requested':
    case 'waiting':
      return whyQueued(state, now);
    case 'submitting':
      return plain(state.cancelAsked === null ? 'submitting' : 'canceling');
    case 'unresolved': {
      if (state.cancelAsked !== null) return plain('canceling');
      const until = currentAttempt(state)?.settleUntil ?? now;
      return now < until ? { ...plain('confirming_with_provider'), until } : plain('needs_attention');
    }
    case 'processing':
      return state.cancelAsked === null ? null : plain('canceling');
    case 'storing':
      return state.outputs.some((output) => output.status === 'pending' && output.rejections > 0)
        ? plain('fetching_again')
        : null;
    default:
      return null;
  }
}

function whyQueued(state: GenerationState, now: number): StatusReason | null {
  if (state.retryAt === null || now >= state.retryAt) {
    const since = state.retryAt ?? state.phaseSince;
    return now - since > unremarkable ? plain('waiting_for_slot') : null;
  }
  const code = whyLater(state.retryRule);
  const { message } = plain(code);
  const seconds = Math.ceil((state.retryAt - now) / 1000);
  const said = code === 'provider_paused' ? message : `${message}; next try in ${seconds} s.`;
  return { code, message: said, until: state.retryAt };
}

function whyLater(rule: string | null): StatusReasonCode {
  if (rule === 'provider_capacity') return 'provider_capacity';
  return rule === 'account_paused' ? 'provider_paused' : 'retry_scheduled';
}
