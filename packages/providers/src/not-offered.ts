import type { ProviderAdapter } from './provider-adapter.js';
import { unreadable } from './unreadable.js';

/** Of a vendor that calls nobody: whatever comes in its name is not its own. */
export const withoutWebhooks: Pick<ProviderAdapter, 'readNotification' | 'verifyWebhook'> = {
  readNotification: () => undefined,
  verifyWebhook: () => ({ kind: 'refused', reason: 'signature_mismatch' }),
};

/** Of a vendor whose answer, or whose webhook, is all that it says of a job. */
export const withoutPolls: Pick<ProviderAdapter, 'poll' | 'readPoll'> = {
  poll: () => undefined,
  readPoll: () => unreadable('there is nothing to ask for'),
};

/** Of a vendor that shows to nobody what it took. */
export const withoutLookUp: Pick<ProviderAdapter, 'lookup' | 'readLookup'> = {
  lookup: () => undefined,
  readLookup: () => unreadable('there is no list'),
};

/** Of a vendor that ends nothing that it took. */
export const withoutCancel: Pick<ProviderAdapter, 'cancel' | 'readCancel'> = {
  cancel: () => undefined,
  readCancel: () => unreadable('nothing can be canceled'),
};
