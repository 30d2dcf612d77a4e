import type { EventStore } from '@darkroom/event-store';
import type { Logger, ObjectStore, Signer } from '@darkroom/platform';
import type { LinkSigner } from '@darkroom/read-models';
import type postgres from 'postgres';
import type { FeedTail } from './adapters/feed-tail.js';
import type { KeyDirectory } from './adapters/key-directory.js';
import type { OpenStreams } from './adapters/open-streams.js';
import type { TenantBudgets } from './adapters/tenant-budget.js';
import type { WebhookKeys } from './adapters/webhook-keys.js';
import type { StaticFile } from './adapters/static-files.js';
import type { DemoVendor } from './demo-vendor.js';
import type { IntakeConfig } from './config.js';

/** What the controllers stand on; made once in start-intake.ts. The class is the token that Nest injects it by. */
export abstract class IntakeParts {
  abstract readonly config: IntakeConfig;
  abstract readonly logger: Logger;
  abstract readonly sql: postgres.Sql;
  abstract readonly store: EventStore;
  abstract readonly objects: ObjectStore;
  /** Origin that links to the objects lead to; undefined: they are sent by us. */
  abstract readonly picturesAt: string | undefined;
  abstract readonly signer: Signer;
  abstract readonly links: LinkSigner;
  abstract readonly keys: KeyDirectory;
  abstract readonly budgets: TenantBudgets;
  /** Of vendors. */
  abstract readonly webhookKeys: WebhookKeys;
  abstract readonly streams: OpenStreams;
  abstract readonly tail: FeedTail;
  /** Built pages, by their path; empty where they were not built. */
  abstract readonly gallery: ReadonlyMap<string, StaticFile>;
  /** The API reference's viewer. */
  abstract readonly viewer: ReadonlyMap<string, StaticFile>;
  /** Key of the session that loopback visitors get; undefined where there is none. */
  abstract readonly demoKeyId: string | undefined;
  /** Where the demo's session is and its vendor was brought along; undefined everywhere else. */
  abstract readonly demoVendor: DemoVendor | undefined;
  /** Readiness turns false here, before anything else stops. */
  abstract readonly stopping: AbortSignal;
}
