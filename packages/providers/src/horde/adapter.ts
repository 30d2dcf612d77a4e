import { withoutLookUp } from '../not-offered.js';
import type { ProviderAdapter } from '../provider-adapter.js';
import { readCancelAnswer, readPollAnswer, readSubmitAnswer } from './answers.js';
import { cancelRequest, checkRequest, submitRequest } from './requests.js';
import { hordeSheets } from './sheets.js';
import { readHordeNotification, verifyHordeWebhook } from './webhook.js';

/** The AI Horde's API, `https://aihorde.net/api/v2`. */
export const hordeAdapter: ProviderAdapter = {
  vendor: 'horde',
  baseUrl: 'https://aihorde.net/api/v2',
  models: hordeSheets,
  authorize: (credential) => ({ apikey: credential }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  poll: checkRequest,
  readPoll: readPollAnswer,
  ...withoutLookUp,
  cancel: cancelRequest,
  readCancel: readCancelAnswer,
  readNotification: readHordeNotification,
  verifyWebhook: verifyHordeWebhook,
};
