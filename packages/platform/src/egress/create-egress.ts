import type { Egress, EgressOptions } from './egress.js';

/** The egress module of one process. */
export function createEgress(_options: EgressOptions): Egress {
  throw new Error('not yet');
}
