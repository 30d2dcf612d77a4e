import type postgres from 'postgres';
import { z } from 'zod';

/** What is kept of an intervention. */
export interface AuditEntry {
  /** UUID: that of the command. */
  readonly id: string;
  readonly operator: string;
  readonly action: string;
  /** UUID; null: more than one. */
  readonly generation: string | null;
  readonly reason: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

/** The one statement that writes an entry: part of the append's transaction, so that neither is there without the other. */
export function insertAudit(
  tx: postgres.TransactionSql,
  entry: AuditEntry,
): postgres.PendingQuery<postgres.Row[]> {
  const { id, operator, action, generation, reason } = entry;
  const json = (value: object): postgres.Parameter => tx.json(value as postgres.JSONValue);
  return tx`
    insert into control_plane.audit (id, operator, action, generation, reason, request, before, after)
    values (${id}, ${operator}, ${action}, ${generation}, ${reason}, ${json(entry.request)}, ${json(entry.before)}, ${json(entry.after)})`;
}

const auditRow = z.object({
  id: z.string(),
  at: z.date(),
  operator: z.string(),
  action: z.string(),
  generation: z.string().nullable(),
  reason: z.string(),
  request: z.record(z.string(), z.unknown()),
  before: z.record(z.string(), z.unknown()),
  after: z.record(z.string(), z.unknown()),
});

/** A recorded intervention. */
export type AuditRecord = z.infer<typeof auditRow>;

export interface AuditQuery {
  /** UUID; all generations when absent. */
  readonly generation?: string;
  /** Id of the last entry of the page before. */
  readonly after?: string;
  readonly limit: number;
}

/** Who did what, the newest first. */
export async function readAudit(sql: postgres.Sql, query: AuditQuery): Promise<AuditRecord[]> {
  const rows = await sql`
    select a.id, a.at, a.operator, a.action, a.generation, a.reason, a.request, a.before, a.after
    from control_plane.audit a
    where true
      ${query.generation === undefined ? sql`` : sql`and a.generation = ${query.generation}`}
      ${
        query.after === undefined
          ? sql``
          : sql`and (a.at, a.id) < (select b.at, b.id from control_plane.audit b where b.id = ${query.after})`
      }
    order by a.at desc, a.id desc limit ${query.limit}`;
  return rows.map((row) => auditRow.parse(row));
}
