import type { ProviderAdapter } from '../provider-adapter.js';
import { withoutWebhooks } from '../not-offered.js';
import { readCancelAnswer, readLookupAnswer, readQueueAnswer, readSubmitAnswer } from './answers.js';
import { cancelRequest, queueRequest, submitRequest } from './requests.js';
import { comfyuiSheets } from './sheets.js';

/** ComfyUI's own HTTP API, wherever its owner runs it. */
export const comfyuiAdapter: ProviderAdapter = {
  vendor: 'comfyui',
  models: comfyuiSheets,
  needsNoCredential: true,
  authorize: (credential) => (credential === '' ? {} : { authorization: `Bearer ${credential}` }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  poll: (model) => queueRequest(model),
  readPoll: readQueueAnswer,
  pollTogether: { most: 1_000, request: ([{ model }]) => queueRequest(model), isSameQuestion: true },
  lookup: ({ model }) => queueRequest(model),
  readLookup: readLookupAnswer,
  cancel: cancelRequest,
  readCancel: readCancelAnswer,
  ...withoutWebhooks,
};
