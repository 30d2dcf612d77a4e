import { withoutCancel, withoutLookUp } from '../not-offered.js';
import type { ProviderAdapter } from '../provider-adapter.js';
import { readPollAnswer, readSubmitAnswer } from './answers.js';
import { pollRequest, submitRequest } from './requests.js';
import { bflSheets } from './sheets.js';
import { readBflNotification, verifyBflWebhook } from './webhook.js';

/** Black Forest Labs' API, `https://api.bfl.ai/v1`, and its regional hosts. */
export const bflAdapter: ProviderAdapter = {
  vendor: 'bfl',
  baseUrl: 'https://api.bfl.ai/v1',
  ownDomain: 'bfl.ai',
  models: bflSheets,
  authorize: (credential) => ({ 'x-key': credential }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  poll: pollRequest,
  readPoll: readPollAnswer,
  ...withoutLookUp,
  ...withoutCancel,
  readNotification: readBflNotification,
  webhookSecretPerAttempt: true,
  verifyWebhook: verifyBflWebhook,
};
