import type { GenerationState } from '@darkroom/domain';
import type { RecordedEvent } from '@darkroom/event-store';
import type { TopicRecord } from '@darkroom/event-bus/testing';
import type { GenerationDetail } from '@darkroom/read-models';
import type { LedgerLine, Resource } from '../client.js';
import type { Regress, Request } from './clients.js';

/** A row of the tenants' feed. */
export interface FeedRow {
  readonly tenant: string;
  readonly cursor: string;
  readonly event: string;
  readonly generation: string;
  readonly version: number;
  readonly type: string;
}

/** How many generations of a tenant stand at a status, by the read model. */
export interface CountRow {
  readonly tenant: string;
  readonly status: string;
  readonly n: number;
}

/** Bytes somewhere: what they hash to, and how many they are. */
export interface Bytes {
  readonly sha256: string;
  readonly bytes: number;
}

/** A job as the vendor shows it: how it ended. */
export interface VendorJob {
  readonly status: string;
}

/** All that is known when a run is over and nothing moves any more. */
export interface Evidence {
  /** The clients' own account. */
  readonly requests: readonly Request[];
  readonly regresses: readonly Regress[];
  /** Ids that were acknowledged, and that a later look answered with 404. */
  readonly notFound: readonly string[];
  /** As the API showed them last, by public id. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** The whole store, in its order. */
  readonly events: readonly RecordedEvent[];
  /** Undefined: nothing is published on this transport. */
  readonly topic: readonly TopicRecord[] | undefined;
  /** The rows of the detail, by generation. */
  readonly details: ReadonlyMap<string, GenerationDetail>;
  readonly feed: readonly FeedRow[];
  readonly counts: readonly CountRow[];
  /** By which an image is found: its id, and the generation's. */
  readonly imageRows: ReadonlyMap<string, string>;
  /** What lies in the object store, by key; null: nothing. */
  readonly objects: ReadonlyMap<string, Bytes | null>;
  /** What the API serves of each image, by its id; null: it does not. */
  readonly served: ReadonlyMap<string, Bytes | null>;
  readonly ledger: readonly LedgerLine[];
  /** What the vendor says of its jobs; undefined: it does not show them (`inline`). */
  readonly vendorJobs: ReadonlyMap<string, VendorJob | undefined>;
  /** What the pictures of each job hash to, by the vendor's own books. */
  readonly pictures: ReadonlyMap<string, readonly string[]>;
}

/** One generation: its events, and what they fold to; an error where they do not. */
export interface Folded {
  readonly id: string;
  readonly events: readonly RecordedEvent[];
  readonly state: GenerationState | undefined;
  readonly prompt: string | undefined;
  readonly error: unknown;
}
