import type { SubmissionContract } from '../submission-contract.js';

const usual: SubmissionContract = {
  submit: 'lookup',
  keyScope: null,
  absence: 'proof',
  cancel: 'any-time',
  poll: 'get',
  sendBySeconds: 5,
  submitTimeoutSeconds: 30,
  acceptLagSeconds: 5,
  settlingSeconds: 20,
  graceSeconds: 120,
  failedRunsCharged: false,
};

/** One contract of each class of vendor. */
export const contracts = {
  lookup: usual,
  lookupWithoutProof: { ...usual, absence: 'weak', cancel: 'never' },
  keyedReplay: { ...usual, submit: 'keyed-replay', keyScope: 600, absence: 'weak' },
  keyedReject: { ...usual, submit: 'keyed-reject', keyScope: 'forever', absence: 'weak' },
  blindPolled: { ...usual, submit: 'blind', absence: 'weak', failedRunsCharged: true },
  blindInline: { ...usual, submit: 'blind', absence: 'weak', cancel: 'never', poll: 'none' },
} as const satisfies Record<string, SubmissionContract>;
