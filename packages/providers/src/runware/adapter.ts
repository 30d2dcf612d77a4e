import { withoutCancel } from '../not-offered.js';
import type { ProviderAdapter } from '../provider-adapter.js';
import { readLookupAnswer, readPollAnswer, readSubmitAnswer } from './answers.js';
import { responseRequest, responsesRequest, submitRequest, taskIdOf } from './requests.js';
import { runwareSheets } from './sheets.js';
import { readRunwareNotification, verifyRunwareWebhook } from './webhook.js';

/** Runware's API over HTTP: one address, `https://api.runware.ai/v1`, for tasks of every kind. */
export const runwareAdapter: ProviderAdapter = {
  vendor: 'runware',
  baseUrl: 'https://api.runware.ai',
  models: runwareSheets,
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  poll: responseRequest,
  readPoll: readPollAnswer,
  pollTogether: { most: 50, request: responsesRequest },
  lookup: ({ model, reference }) => responseRequest(model, taskIdOf(reference)),
  readLookup: readLookupAnswer,
  ...withoutCancel,
  readNotification: readRunwareNotification,
  verifyWebhook: verifyRunwareWebhook,
};
