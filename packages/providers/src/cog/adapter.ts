import type { ProviderAdapter } from '../provider-adapter.js';
import { unreadable } from '../unreadable.js';
import { readCancelAnswer, readSubmitAnswer } from './answers.js';
import { cancelRequest, submitRequest } from './requests.js';
import { cogSheets } from './sheets.js';
import { isCogWebhookToken, maxCogWebhookBytes, readCogNotification, verifyCogWebhook } from './webhook.js';

/** cog's prediction server (github.com/replicate/cog), wherever its owner runs it. */
export const cogAdapter: ProviderAdapter = {
  vendor: 'cog',
  models: cogSheets,
  // Something in front of the server may ask for one.
  needsNoCredential: true,
  authorize: (credential) => (credential === '' ? {} : { authorization: `Bearer ${credential}` }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  poll: () => undefined,
  readPoll: () => unreadable('there is nothing to ask for'),
  lookup: () => undefined,
  readLookup: () => unreadable('there is no list'),
  cancel: cancelRequest,
  readCancel: readCancelAnswer,
  readNotification: readCogNotification,
  isWebhookSecret: isCogWebhookToken,
  webhooksDecide: true,
  maxWebhookBytes: maxCogWebhookBytes,
  verifyWebhook: verifyCogWebhook,
};
