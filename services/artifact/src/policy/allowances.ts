import type { Allowance } from '@darkroom/platform';
import type { AllowedHost } from '../config.js';

/** Egress's exact allowances for downloads of one account from one origin each. */
export function downloadAllowances(hosts: readonly AllowedHost[]): Allowance[] {
  return hosts.map(({ account, origin }) => {
    const { protocol, hostname, port } = new URL(origin);
    const scheme = protocol === 'https:' ? 'https' : 'http';
    const defaultPort = scheme === 'https' ? 443 : 80;
    return {
      purpose: 'download',
      account,
      scheme,
      host: hostname,
      port: port === '' ? defaultPort : Number(port),
    };
  });
}
