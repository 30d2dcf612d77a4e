import type { Unreadable } from './provider-adapter.js';

/** An answer that proves nothing, and why, in our own words. */
export const unreadable = (reason: string): Unreadable => ({ kind: 'unreadable', reason });
