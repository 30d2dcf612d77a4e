export { credentialOf, webhookSecretsOf } from './account-secrets.js';
export {
  allAccounts,
  loadProviderAccount,
  providerAccountStream,
  tenantOfAccounts,
} from './account-stream.js';
export { type AccountEntry, accountsIn, readProvidersFile, type Route } from './providers-file.js';
export { longestSubmitSeconds, verifyProvidersFile } from './verify-providers-file.js';
