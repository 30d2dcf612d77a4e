export { type Cursor, type LogPosition, cursorOf, origin, parseCursor, positionOf } from './cursor.js';
export { arrayOf, type Database, type DatabaseOptions, openDatabase } from './database.js';
export { EventStoreError, type EventStoreErrorCode } from './errors.js';
export { deterministicId, eventId } from './event-id.js';
export type {
  AppendOutcome,
  AppendRequest,
  CheckpointLease,
  Checkpoints,
  CreateOutcome,
  CreateRequest,
  EventStore,
  ExpectedVersion,
  KeyedStream,
  LogPage,
  ReadAllRequest,
  RowWrite,
  StreamsPage,
  SubscribeRequest,
  Subscription,
  UnreadableEvent,
} from './event-store.js';
export type { EventMetadata, NewEvent, RecordedEvent, Recording } from './events.js';
export { createMemoryEventStore, type MemoryEventStoreOptions } from './memory/store.js';
export {
  assertMigrated,
  type DatabaseRole,
  databaseRoles,
  eventStoreMigrations,
  migrate,
  MigrationError,
  type MigrationErrorCode,
  type MigrationSet,
  openMigrated,
  type OpenOptions,
} from './migrations/index.js';
export { subscriptionLag, type SubscriptionLag } from './postgres/lag.js';
export { createPostgresEventStore, type PostgresEventStoreOptions } from './postgres/store.js';
export { adoptRestoredLog, type Adoption, assertLogInPlace } from './restored-log/restored-log.js';
export type { MayAppend, ServiceName } from './who-may-append.js';
