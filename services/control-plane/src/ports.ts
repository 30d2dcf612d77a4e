import type { Database, EventStore } from '@darkroom/event-store';

/** What the control plane's use cases work with. */
export interface ControlPlanePorts {
  readonly sql: Database;
  readonly store: EventStore;
  /** Ids of the provider accounts. */
  readonly accounts: readonly string[];
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Where a trace is looked at; null where nobody said. */
  readonly traceUrl: (traceId: string) => string | null;
  /** Whether this process is on its way out. */
  readonly stopping: () => boolean;
}

/** Nest's name for the ports. */
export const CONTROL_PLANE_PORTS = Symbol('control-plane ports');
