import { currentAttempt, type GenerationState } from '@darkroom/domain';

/** What a generation waits for. */
export interface StatusReason {
  readonly code: string;
  readonly message: string;
  readonly until?: string;
}

/** What it waits for, of the closed list of words; null where its status says all. */
export function statusReason(state: GenerationState, now: number): StatusReason | null {
  const attempt = currentAttempt(state);
  switch (state.phase) {
    case 'waiting':
      return state.retryAt !== null && state.retryAt > now
        ? {
            code: 'retry_scheduled',
            message: 'The last try did not work out; another one is scheduled.',
            until: new Date(state.retryAt).toISOString(),
          }
        : null;
    case 'submitting':
      return { code: 'submitting', message: 'Being sent to the provider.' };
    case 'unresolved':
      return attempt?.settleUntil !== undefined && attempt.settleUntil !== null && now >= attempt.settleUntil
        ? {
            code: 'needs_attention',
            message: 'Nobody can tell yet whether the provider took it; a person decides.',
          }
        : {
            code: 'confirming_with_provider',
            message: 'The answer was lost; asking the provider what became of it.',
          };
    case 'processing':
      return state.cancelAsked === null
        ? null
        : { code: 'canceling', message: 'Being canceled; the provider has to confirm.' };
    case 'storing':
      return state.outputs.some((output) => output.needsLink)
        ? { code: 'fetching_again', message: 'An image did not arrive whole and is fetched again.' }
        : null;
    default:
      return null;
  }
}
