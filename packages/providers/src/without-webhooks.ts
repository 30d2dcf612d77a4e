import type { ProviderAdapter } from './provider-adapter.js';

/** Of a vendor that calls nobody: whatever comes in its name is not its own. */
export const withoutWebhooks: Pick<ProviderAdapter, 'readNotification' | 'verifyWebhook'> = {
  readNotification: () => undefined,
  verifyWebhook: () => ({ kind: 'refused', reason: 'signature_mismatch' }),
};
