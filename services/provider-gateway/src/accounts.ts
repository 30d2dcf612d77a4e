import { adapterFor, type CapabilitySheet, type ProviderAdapter, sheetFor } from '@darkroom/providers';

/** An account at a vendor, as configured. */
export interface ProviderAccount {
  readonly id: string;
  readonly vendor: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly credential: string;
  /** Concurrent jobs, over all gateways. Default: the model's sheet. */
  readonly slots?: number;
  /** The base URL may be a private address. */
  readonly privateAddress: boolean;
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
  readonly slots: number;
}

/** Access to models through the configured accounts: the first account of a vendor serves its models. */
export function modelDirectory(
  accounts: readonly ProviderAccount[],
): (qualified: string) => ModelAccess | undefined {
  return (qualified) => {
    const vendor = qualified.slice(0, qualified.indexOf('/'));
    const account = accounts.find((candidate) => candidate.vendor === vendor);
    const adapter = adapterFor(vendor);
    const sheet = sheetFor(qualified);
    if (account === undefined || adapter === undefined || sheet === undefined) return undefined;
    const slots = account.slots ?? sheet.accountLimits.concurrent;
    return { qualified, model: sheet.model, adapter, sheet, account, slots };
  };
}
