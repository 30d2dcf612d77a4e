import type { ProviderAdapter } from '../provider-adapter.js';
import { readCancelAnswer, readLookupAnswer, readPollAnswer, readSubmitAnswer } from './answers.js';
import { cancelRequest, lookupRequest, pollRequest, submitRequest } from './requests.js';
import { falSheets } from './sheets.js';
import { maxFalWebhookBytes, readFalKeys, readFalNotification, verifyFalWebhook } from './webhook.js';

/** fal's queue, `https://queue.fal.run`. */
export const falAdapter: ProviderAdapter = {
  vendor: 'fal',
  baseUrl: 'https://queue.fal.run',
  otherBaseUrls: { api: 'https://api.fal.ai', keys: 'https://rest.fal.ai' },
  models: falSheets,
  authorize: (credential) => ({ authorization: `Key ${credential}` }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  poll: pollRequest,
  readPoll: readPollAnswer,
  lookup: (lost) => lookupRequest(lost),
  readLookup: readLookupAnswer,
  cancel: cancelRequest,
  readCancel: readCancelAnswer,
  maxWebhookBytes: maxFalWebhookBytes,
  readNotification: readFalNotification,
  verifyWebhook: verifyFalWebhook,
  webhookKeys: { at: 'keys', path: '/.well-known/jwks.json', read: readFalKeys },
};
