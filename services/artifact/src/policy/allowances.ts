import { type Allowance, allowanceOf } from '@darkroom/platform';
import type { AllowedHost } from '../config.js';

/** Egress's exact allowances for downloads of one account from one origin each. */
export function downloadAllowances(hosts: readonly AllowedHost[]): Allowance[] {
  return hosts.map(({ account, origin }) => allowanceOf('download', account, origin));
}
