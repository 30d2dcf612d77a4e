import type { VendorRequest } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';

/** Where a request goes: to the account's base URL, or to another of the vendor's addresses. @throws Error for one that it does not have */
export function addressOf(access: ModelAccess, { at, path, url }: VendorRequest): string {
  const { account, adapter } = access;
  if (url !== undefined && isOwn(access, url)) return url;
  if (at === undefined) return account.baseUrl + path;
  const base = account.otherBaseUrls?.[at] ?? adapter.otherBaseUrls?.[at];
  if (base === undefined) throw new Error(`${adapter.vendor} has no address ${at}`);
  return base + path;
}

/** An address that an answer names gets the credential only where it is the account's own, or the vendor's over TLS. */
function isOwn({ account, adapter: { ownDomain } }: ModelAccess, address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { origin, protocol, hostname } = new URL(address);
  if (origin === new URL(account.baseUrl).origin) return true;
  if (ownDomain === undefined || protocol !== 'https:') return false;
  // A credential of a proxy's is not the vendor's.
  return isBelow(new URL(account.baseUrl).hostname, ownDomain) && isBelow(hostname, ownDomain);
}

const isBelow = (hostname: string, domain: string): boolean =>
  hostname === domain || hostname.endsWith(`.${domain}`);
