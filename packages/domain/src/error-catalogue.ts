import type { ErrorCode } from '@darkroom/contract';

/** What clients read of a failed generation: one entry for each code of the contract. */
export interface CatalogueEntry {
  /** As it stands in the API. */
  readonly code: string;
  readonly message: string;
  /** Whether the same request may go well another time. */
  readonly retryable: boolean;
}

type KnownErrorCode = Exclude<ErrorCode, 'ERROR_CODE_UNSPECIFIED'>;

export const errorCatalogue: Readonly<Record<KnownErrorCode, CatalogueEntry>> = {
  ERROR_CODE_INVALID_REQUEST: {
    code: 'invalid_request',
    message: 'The provider does not accept this request as it is.',
    retryable: false,
  },
  ERROR_CODE_CONTENT_REJECTED: {
    code: 'content_rejected',
    message: "The provider's content rules reject this prompt or its images.",
    retryable: false,
  },
  ERROR_CODE_PROVIDER_FAILED: {
    code: 'provider_failed',
    message: 'The provider took the request and could not make the images.',
    retryable: true,
  },
  ERROR_CODE_PROVIDER_UNAVAILABLE: {
    code: 'provider_unavailable',
    message: 'The provider could not be used within the allowed number of tries.',
    retryable: true,
  },
  ERROR_CODE_DEADLINE_EXCEEDED: {
    code: 'deadline_exceeded',
    message: 'The deadline passed before the images were there.',
    retryable: true,
  },
  ERROR_CODE_ARTIFACT_UNRECOVERABLE: {
    code: 'artifact_unrecoverable',
    message: 'The provider made images, but they could not be fetched whole and intact.',
    retryable: true,
  },
  ERROR_CODE_INCOMPLETE_OUTPUTS: {
    code: 'incomplete_outputs',
    message: 'The provider made fewer images than were asked for.',
    retryable: true,
  },
  ERROR_CODE_OUTCOME_UNKNOWN: {
    code: 'outcome_unknown',
    message: 'The provider never said whether it took the request; it may have charged for it.',
    retryable: false,
  },
  ERROR_CODE_FAILED_BY_OPERATOR: {
    code: 'failed_by_operator',
    message: 'An operator ended this generation.',
    retryable: false,
  },
  ERROR_CODE_ERASED: {
    code: 'erased',
    message: 'What this generation needs to go on was erased.',
    retryable: false,
  },
};

/** Entry of a code; what the contract does not name reads as a provider's failure. */
export function catalogueEntry(code: ErrorCode): CatalogueEntry {
  return errorCatalogue[code === 'ERROR_CODE_UNSPECIFIED' ? 'ERROR_CODE_PROVIDER_FAILED' : code];
}
