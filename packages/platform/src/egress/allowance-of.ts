import type { Allowance, EgressPurpose } from './egress.js';

/** What lets this account's calls of this purpose go to where an `http` or `https` address is. */
export function allowanceOf(purpose: EgressPurpose, account: string, address: string): Allowance {
  const url = new URL(address);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return { purpose, account, scheme, host: url.hostname, port };
}
