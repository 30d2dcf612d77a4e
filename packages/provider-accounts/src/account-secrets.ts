import { ConfigError, type Environment } from '@darkroom/platform';
import { adapterFor } from '@darkroom/providers';
import type { AccountEntry } from './providers-file.js';
import { secretOf } from './secret-reference.js';

/** What the account's calls are authorized with; empty where its vendor asks for nothing. @throws ConfigError */
export function credentialOf({ id, credential }: AccountEntry, env: Environment): string {
  return credential === undefined ? '' : secretOf(credential, `the credential of the account ${id}`, env);
}

/**
 * What the vendor's webhooks may be signed with.
 * @throws ConfigError also for one that the vendor cannot have signed with: by such a one anybody could
 */
export function webhookSecretsOf({ id, vendor, webhookSecrets }: AccountEntry, env: Environment): string[] {
  const what = `a webhook secret of the account ${id}`;
  return webhookSecrets.map((reference) => {
    const secret = secretOf(reference, what, env);
    if (adapterFor(vendor)?.isWebhookSecret?.(secret) !== true)
      throw new ConfigError(`wrong settings: ${what} is not what ${vendor} signs webhooks with`);
    return secret;
  });
}
