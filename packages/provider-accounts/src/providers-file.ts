import { readFileSync } from 'node:fs';
import { vendorOf } from '@darkroom/domain';
import { ConfigError } from '@darkroom/platform';
import { adapterFor, knownModels } from '@darkroom/providers';
import { z } from 'zod';
import { type SecretReference, secretReference } from './secret-reference.js';

const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dots and dashes');
const httpUrl = z.url({ protocol: /^https?$/ });

/** What is absent is as the vendor's sheets have it. */
const limits = z
  .strictObject({
    concurrent: z.number().int().min(1).max(10_000).optional(),
    submits_per_second: z.number().min(0.001).max(10_000).optional(),
    burst: z.number().int().min(1).max(10_000).optional(),
    spend_per_day_micros: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  })
  .refine((some) => some.burst === undefined || some.submits_per_second !== undefined, {
    path: ['burst'],
    message: 'means nothing without submits_per_second',
  });

const accountEntry = z.strictObject({
  id: name,
  vendor: z.string(),
  /** Default: the vendor's own. */
  base_url: httpUrl.optional(),
  /** The vendor's other addresses, by the names that its adapter gives them. */
  other_base_urls: z.record(z.string(), httpUrl).default({}),
  /** Only servers of one's own ask for none. */
  credential: secretReference.optional(),
  /** Any of them may have signed the vendor's webhooks, so that they can be rotated. */
  webhook_secrets: z.array(secretReference).default([]),
  limits: limits.prefault({}),
  /** Origins on private addresses that this account's calls and downloads may go to. */
  allowed_private_hosts: z.array(httpUrl).default([]),
});

const routeModels = z.array(z.string()).min(1);
/** With or without a word on what makes its models stand for one another. */
const route = z.preprocess(
  (value) => (Array.isArray(value) ? { models: value } : value),
  z.strictObject({
    models: routeModels,
    equivalence: z.string().trim().min(1).max(300).nullable().default(null),
  }),
);

const providersFile = z.strictObject({
  accounts: z.array(accountEntry).min(1),
  /** What clients may ask for; absent: every model of the accounts' vendors. */
  models: z.array(z.string()).min(1).optional(),
  /** Names that stand for several models, tried in order. */
  routes: z.record(name, route).default({}),
});

/** The simulator's, whose address is a setting of its own: the only account where no file names any. */
const simulatorAlone: AccountEntry = {
  id: 'sim',
  vendor: 'sim',
  baseUrl: undefined,
  otherBaseUrls: {},
  credential: undefined,
  webhookSecrets: [],
  limits: {},
  privateOrigins: [],
};

/** The accounts of the file; without one the simulator's alone. @throws ConfigError */
export const accountsIn = (path: string | undefined): readonly AccountEntry[] =>
  path === undefined ? [simulatorAlone] : readProvidersFile(path).accounts;

/** An account as the file has it; secrets are references still. */
export interface AccountEntry {
  readonly id: string;
  readonly vendor: string;
  /** Without a trailing slash; undefined: only for the simulator, whose address is a setting of its own. */
  readonly baseUrl: string | undefined;
  readonly otherBaseUrls: Readonly<Record<string, string>>;
  /** Undefined: the vendor asks for none. */
  readonly credential: SecretReference | undefined;
  readonly webhookSecrets: readonly SecretReference[];
  readonly limits: {
    readonly concurrent?: number;
    readonly perSecond?: number;
    readonly burst?: number;
    readonly spendPerDayMicros?: bigint;
  };
  /** Origins. */
  readonly privateOrigins: readonly string[];
}

/** Models that stand for one another, tried in order. */
export interface Route {
  readonly models: readonly string[];
  /** What makes them do so, in the operator's words for clients; null: nobody has said. */
  readonly equivalence: string | null;
}

/** Which accounts there are and what is offered through them. */
export interface ProvidersFile {
  readonly accounts: readonly AccountEntry[];
  readonly models: readonly string[];
  readonly routes: Readonly<Record<string, Route>>;
}

/**
 * Reads the file of accounts, models and routes. No secret is looked up: who needs one asks for it.
 * @throws ConfigError in one line that names the file and what is wrong, never its content
 */
export function readProvidersFile(path: string): ProvidersFile {
  const refuse = (why: string, cause?: unknown): never => {
    throw new ConfigError(`wrong settings: PROVIDERS_FILE ${path} ${why}`, { cause });
  };
  const read = (): unknown => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch (cause) {
      return refuse('cannot be read as JSON', cause);
    }
  };
  const parsed = providersFile.safeParse(read());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`is not as it should be: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
  }
  const { accounts, routes } = parsed.data;
  const ids = accounts.map(({ id }) => id);
  const twice = ids.find((id, nth) => ids.indexOf(id) !== nth);
  if (twice !== undefined) refuse(`names the account ${twice} twice`);
  for (const { id, vendor, base_url, credential, webhook_secrets } of accounts) {
    const adapter = adapterFor(vendor);
    if (adapter === undefined) refuse(`: Darkroom does not know the vendor of the account ${id}`);
    const hasAddress = vendor === 'sim' || (base_url ?? adapter?.baseUrl) !== undefined;
    if (!hasAddress) refuse(`must say the base_url of the account ${id}`);
    if (credential === undefined && adapter?.needsNoCredential !== true)
      refuse(`must say where the credential of the account ${id} is`);
    if (webhook_secrets.length === 0 && adapter?.webhooksDecide === true)
      refuse(`must have webhook_secrets of the account ${id}: nothing else tells how its jobs end`);
  }
  for (const { id, vendor, other_base_urls } of accounts) {
    const known = Object.keys(adapterFor(vendor)?.otherBaseUrls ?? {});
    const odd = Object.keys(other_base_urls).find((at) => !known.includes(at));
    if (odd !== undefined) refuse(`gives the account ${id} an address ${odd}, which ${vendor} does not have`);
  }
  const vendors = new Set(accounts.map(({ vendor }) => vendor));
  const within = knownModels().filter((model) => vendors.has(vendorOf(model)));
  const models = parsed.data.models ?? within;
  const strange = models.find((model) => !within.includes(model));
  if (strange !== undefined) refuse(`names the model ${strange}, which no account serves`);
  const unoffered = Object.values(routes)
    .flatMap((one) => one.models)
    .find((model) => !models.includes(model));
  if (unoffered !== undefined) refuse(`has a route over the model ${unoffered}, which is not offered`);
  return { accounts: accounts.map(entryOf), models, routes };
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

function entryOf(account: z.infer<typeof accountEntry>): AccountEntry {
  const { id, vendor, credential } = account;
  const baseUrl = account.base_url ?? adapterFor(vendor)?.baseUrl;
  return {
    id,
    vendor,
    baseUrl: baseUrl === undefined ? undefined : withoutSlash(baseUrl),
    otherBaseUrls: Object.fromEntries(
      Object.entries(account.other_base_urls).map(([at, url]) => [at, withoutSlash(url)]),
    ),
    credential,
    webhookSecrets: account.webhook_secrets,
    limits: limitsIn(account.limits),
    privateOrigins: account.allowed_private_hosts.map((url) => new URL(url).origin),
  };
}

function limitsIn({
  concurrent,
  submits_per_second: perSecond,
  burst,
  spend_per_day_micros: spend,
}: z.infer<typeof limits>): AccountEntry['limits'] {
  return {
    ...(concurrent === undefined ? {} : { concurrent }),
    ...(perSecond === undefined ? {} : { perSecond }),
    ...(burst === undefined ? {} : { burst }),
    ...(spend === undefined ? {} : { spendPerDayMicros: BigInt(spend) }),
  };
}
