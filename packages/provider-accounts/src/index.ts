export { credentialOf, webhookSecretsOf } from './account-secrets.js';
export {
  allAccounts,
  type LoadedProviderAccount,
  loadProviderAccount,
  providerAccountStream,
  tenantOfAccounts,
} from './account-stream.js';
export { type AccountEntry, type ProvidersFile, readProvidersFile, type Route } from './providers-file.js';
export { longestSubmitSeconds, verifyProvidersFile } from './verify-providers-file.js';
