import type { EventType } from '@darkroom/contract';
import type { ServiceName } from '@darkroom/domain';
import { EventStoreError } from './errors.js';

export type { ServiceName };

/** Which services may append which type of event; the table itself is the domain's. */
export type MayAppend = Readonly<Record<EventType, readonly ServiceName[]>>;

/** @throws EventStoreError `not_allowed_to_append` */
export function checkMayAppend(table: MayAppend | undefined, type: EventType, by: ServiceName): void {
  if (table === undefined || table[type].includes(by)) return;
  throw new EventStoreError('not_allowed_to_append', `${by} may not append ${type}`, { type, by });
}
