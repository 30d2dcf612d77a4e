import type { RetryPolicy } from '@darkroom/domain';
import type { EventStore } from '@darkroom/event-store';
import type { Logger, Signer } from '@darkroom/platform';
import type { HeldJob, WorkTable } from '@darkroom/work-table';
import type { AccessTo } from './accounts.js';
import type { AccountsInForce } from './accounts-in-force.js';
import type { AccountGate } from './adapters/account-gate.js';
import type { DurationHistory } from './adapters/duration-history.js';
import type { Staging } from './adapters/staging.js';
import type { VendorCalls } from './adapters/vendor-calls.js';
import type { VendorJobs } from './adapters/vendor-jobs.js';
import type { RefusedLooks } from './policy/refused-looks.js';
import type { Streaks } from './policy/streaks.js';

/**
 * Called as a submit passes each line of the crash table (1 to 9), so that tests can stop the process there. Awaited.
 */
export type CrashProbe = (line: number, generation: string) => Promise<void>;

/** What the gateway's use cases work with. */
export interface GatewayPorts {
  readonly store: Pick<EventStore, 'append' | 'readStream'>;
  readonly jobs: Pick<WorkTable, 'move' | 'apply' | 'takeSlot'>;
  readonly gate: Pick<AccountGate, 'admit' | 'hear' | 'returnProbe' | 'pause' | 'settle'>;
  readonly accounts: Pick<AccountsInForce, 'of' | 'isRunning' | 'resubmitsUnknown'>;
  readonly durations: Pick<DurationHistory, 'note' | 'usual'>;
  readonly vendorJobs: VendorJobs;
  readonly staging: Staging;
  readonly calls: VendorCalls;
  readonly accessTo: AccessTo;
  readonly signer: Signer;
  readonly publicUrl: string;
  readonly policy: RetryPolicy;
  /** Accounts whose vendor could not be reached, in a row. */
  readonly unreachable: Streaks;
  /** Known jobs that a vendor did not find, in a row: its listing may hiccup, its memory does not. */
  readonly missing: Streaks;
  readonly refusedLooks: RefusedLooks;
  readonly logger: Logger;
  readonly at: CrashProbe;
  /** Milliseconds since the epoch. */
  now(): number;
  random(): number;
  newId(): string;
}

/** One generation in work. */
export type Job = HeldJob;
