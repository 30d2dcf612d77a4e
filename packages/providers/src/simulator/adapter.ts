import type { ProviderAdapter } from '../provider-adapter.js';
import { isStandardWebhookSecret } from '../standard-webhook.js';
import { readLookupAnswer, readPollAnswer, readSubmitAnswer } from './answers.js';
import { cancelRequest, lookupRequest, pollRequest, submitRequest } from './requests.js';
import { simulatorSheets } from './sheets.js';
import { readSimulatorNotification, verifySimulatorWebhook } from './webhook.js';

/** The provider simulator, spoken to as to any vendor. */
export const simulatorAdapter: ProviderAdapter = {
  vendor: 'sim',
  models: simulatorSheets,
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  poll: pollRequest,
  readPoll: readPollAnswer,
  lookup: lookupRequest,
  readLookup: readLookupAnswer,
  cancel: cancelRequest,
  readCancel: readPollAnswer,
  readNotification: readSimulatorNotification,
  isWebhookSecret: isStandardWebhookSecret,
  verifyWebhook: verifySimulatorWebhook,
};
