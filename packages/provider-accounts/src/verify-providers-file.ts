import type { Environment } from '@darkroom/platform';
import { knownModels, sheetFor } from '@darkroom/providers';
import { credentialOf, webhookSecretsOf } from './account-secrets.js';
import { accountsIn } from './providers-file.js';

/** For who starts the services: what is wrong is told before anything runs. @throws ConfigError in one line */
export function verifyProvidersFile(path: string, env: Environment): void {
  for (const account of accountsIn(path)) {
    credentialOf(account, env);
    webhookSecretsOf(account, env);
  }
}

/**
 * How long a submit that is on its way may take, in seconds: whoever stops the gateway sooner makes a paid picture an open question.
 * @param path undefined: the simulator alone
 */
export function longestSubmitSeconds(path: string | undefined): number {
  const vendors = accountsIn(path).map(({ vendor }) => vendor);
  const sheets = knownModels().flatMap((model) => sheetFor(model) ?? []);
  const times = sheets
    .filter(({ vendor }) => vendors.includes(vendor))
    .map(({ submitTimeoutSeconds }) => submitTimeoutSeconds);
  return Math.max(0, ...times);
}
