import { type AccountLimits, vendorOf } from '@darkroom/domain';
import { adapterFor, type CapabilitySheet, type ProviderAdapter, sheetFor } from '@darkroom/providers';

/** An account at a vendor, as configured. */
export interface ProviderAccount {
  readonly id: string;
  readonly vendor: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Other addresses of the vendor's where they are not its own, by name; without a trailing slash. */
  readonly otherBaseUrls?: Readonly<Record<string, string>>;
  readonly credential: string;
  /** What it may be asked for, over all gateways, unless an operator says otherwise. Default: the vendor's sheets. */
  readonly limits?: Partial<AccountLimits>;
  /** The base URL may be a private address. */
  readonly privateAddress: boolean;
  /** Origins of its other addresses that may be private too. */
  readonly privateOrigins?: readonly string[];
}

/** Whether the vendor may be asked to call back: those on the internet call nobody without TLS, and some refuse a submit that asks them to. */
export function mayCallBack(publicUrl: string, { privateAddress }: ProviderAccount): boolean {
  return privateAddress || publicUrl.startsWith('https:');
}

/** Everything that a call about a model needs. */
export interface ModelAccess {
  /** `<vendor>/<model>`. */
  readonly qualified: string;
  /** The vendor's own name. */
  readonly model: string;
  readonly adapter: ProviderAdapter;
  readonly sheet: CapabilitySheet;
  readonly account: ProviderAccount;
}

/** Finds what a call needs; with an account that and no other: what was submitted under it is asked for under it. */
export type AccessTo = (qualifiedModel: string, account?: string) => ModelAccess | undefined;

/** Access to models through the configured accounts: the first account of a vendor serves its models. */
export function modelDirectory(accounts: readonly ProviderAccount[]): AccessTo {
  return (qualified, ofAttempt) => {
    const vendor = vendorOf(qualified);
    const account = accounts.find(
      (candidate) => candidate.vendor === vendor && (ofAttempt ?? candidate.id) === candidate.id,
    );
    const adapter = adapterFor(vendor);
    const sheet = sheetFor(qualified);
    if (account === undefined || adapter === undefined || sheet === undefined) return undefined;
    return { qualified, model: sheet.model, adapter, sheet, account };
  };
}

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** What an account may be asked for as configured: what its sheets say where nothing is. */
export function configuredLimits({ vendor, limits = {} }: ProviderAccount): AccountLimits {
  const sheets = Object.values(adapterFor(vendor)?.models ?? {}).map(({ accountLimits }) => accountLimits);
  const rates = known(sheets.map(({ submitsPerSecond }) => submitsPerSecond));
  const perSecond = limits.perSecond ?? (rates.length > 0 ? Math.min(...rates) : null);
  return {
    concurrent: limits.concurrent ?? Math.max(1, ...sheets.map(({ concurrent }) => concurrent)),
    perSecond,
    burst: limits.burst ?? Math.max(2, Math.ceil(perSecond ?? 0)),
    spendPerDayMicros: limits.spendPerDayMicros ?? null,
  };
}
