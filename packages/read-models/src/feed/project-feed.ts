import { isTenantVisible, tenantView } from '@darkroom/contract';
import type { RecordedEvent } from '@darkroom/event-store';
import type postgres from 'postgres';
import { type ModelTables, tableOf } from '../model-tables.js';

/** Name of the feed's subscription to the log: its checkpoint tells how far the feed reaches. */
export const feedSubscription = 'read_models.feed_v1';

/** What a tenant may see of these events, as the feed's columns. */
export function feedRows(page: readonly RecordedEvent[]) {
  return page
    .filter((event) => isTenantVisible(event.type))
    .map((event) => ({
      tenant: event.metadata.tenant,
      cursor: event.cursor,
      event: event.id,
      generation: event.stream,
      version: event.version,
      type: event.type,
      data: tenantView(event.type, { ...event.data }) ?? {},
      recorded_at: event.recordedAt.toISOString(),
    }));
}

/**
 * Writes a page of the log to the feed, in the transaction that moves its checkpoint. What is there already stays:
 * a page that comes twice changes nothing.
 */
export async function projectFeed(
  tx: postgres.TransactionSql,
  page: readonly RecordedEvent[],
  tables: ModelTables = 'live',
): Promise<void> {
  const rows = feedRows(page);
  if (rows.length === 0) return;
  await tx`
    insert into ${tx(tableOf('feed_v1', tables))} (tenant, cursor, event, generation, version, type, data, recorded_at)
    select tenant, cursor, event, generation, version, type, data, recorded_at
    from jsonb_to_recordset(${tx.json(rows)}) as r
      (tenant text, cursor text, event uuid, generation uuid, version int, type text, data jsonb, recorded_at timestamptz)
    on conflict (tenant, cursor) do nothing`;
}
