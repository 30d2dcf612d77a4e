import { withoutLookUp, withoutPolls } from '../not-offered.js';
import type { ProviderAdapter } from '../provider-adapter.js';
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
  ...withoutPolls,
  ...withoutLookUp,
  cancel: cancelRequest,
  readCancel: readCancelAnswer,
  readNotification: readCogNotification,
  isWebhookSecret: isCogWebhookToken,
  webhooksDecide: true,
  maxWebhookBytes: maxCogWebhookBytes,
  verifyWebhook: verifyCogWebhook,
};
