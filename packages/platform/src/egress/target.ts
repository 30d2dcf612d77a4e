import type { Allowance, EgressPurpose } from './egress.js';

/** A destination that passed the rules that need no name resolution. */
export interface Target {
  readonly url: URL;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** An exact allowance covers it: any address and port. Else the socket's address must be public. */
  readonly allowed: boolean;
}

/** The destination may not be called. The message names the rule and no secret part of the URL. */
export class DestinationRefused extends Error {
  override readonly name = 'DestinationRefused';
  readonly code = 'DESTINATION_REFUSED';
}

const maxUrlLength = 8_192;

/**
 * Checks a URL: https on 443 and no credentials in it, or an allowance that matches in every part.
 * @throws DestinationRefused
 */
export function targetOf(
  text: string,
  caller: { readonly purpose: EgressPurpose; readonly account: string },
  allowances: readonly Allowance[],
): Target {
  if (text.length > maxUrlLength) throw new DestinationRefused('the URL is too long');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw new DestinationRefused('not a URL');
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'http' && scheme !== 'https')
    throw new DestinationRefused(`${scheme} is not a scheme to call`);
  if (url.username !== '' || url.password !== '') throw new DestinationRefused('credentials in a URL');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  const allowed = allowances.some(
    (allowance) =>
      allowance.purpose === caller.purpose &&
      allowance.account === caller.account &&
      allowance.scheme === scheme &&
      allowance.host.toLowerCase().replace(/^\[|\]$/g, '') === host &&
      allowance.port === port,
  );
  if (!allowed && scheme !== 'https') throw new DestinationRefused('http without an allowance');
  if (!allowed && port !== 443) throw new DestinationRefused(`port ${port} without an allowance`);
  return { url, host, port, allowed };
}
