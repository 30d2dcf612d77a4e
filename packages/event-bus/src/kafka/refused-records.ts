import { createHash } from 'node:crypto';
import type postgres from 'postgres';
import type { Place } from './group-member.js';

/** A record that does not say what it is: no stream that could be parked. */
export interface RefusedRecord extends Place {
  /** Decimal. */
  readonly offset: string;
  readonly reason: string;
  readonly value: Buffer | null;
}

const keptBytes = 1_024;

/** Notes a record that a group passed over, once. What it holds stays in the topic; here are its place, size, digest and beginning. */
export async function noteRefused(sql: postgres.Sql, group: string, record: RefusedRecord): Promise<void> {
  const { topic, partition, offset, reason, value } = record;
  const bytes = value ?? Buffer.alloc(0);
  await sql`
    insert into bus.refused_records (consumer, topic, partition, "offset", reason, size, sha256, beginning)
    values (${group}, ${topic}, ${partition}, ${offset}, ${reason.slice(0, 500)}, ${bytes.length},
            ${createHash('sha256').update(bytes).digest('hex')}, ${bytes.subarray(0, keptBytes)})
    on conflict do nothing`;
}
