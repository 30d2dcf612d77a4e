import type { ProviderAdapter } from '../provider-adapter.js';
import { isStandardWebhookSecret } from '../standard-webhook.js';
import { readLookupAnswer, readPollAnswer, readSubmitAnswer } from './answers.js';
import { cancelRequest, lookupRequest, pollRequest, submitRequest } from './requests.js';
import { replicateSheets } from './sheets.js';
import { maxReplicateWebhookBytes, readReplicateNotification, verifyReplicateWebhook } from './webhook.js';

/** Replicate's HTTP API, `https://api.replicate.com/v1`. */
export const replicateAdapter: ProviderAdapter = {
  vendor: 'replicate',
  baseUrl: 'https://api.replicate.com/v1',
  models: replicateSheets,
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  poll: pollRequest,
  readPoll: readPollAnswer,
  lookup: lookupRequest,
  readLookup: readLookupAnswer,
  cancel: cancelRequest,
  readCancel: readPollAnswer,
  maxWebhookBytes: maxReplicateWebhookBytes,
  readNotification: readReplicateNotification,
  isWebhookSecret: isStandardWebhookSecret,
  verifyWebhook: verifyReplicateWebhook,
};
