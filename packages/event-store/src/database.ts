import postgres from 'postgres';
import { endTransactionsWithTheirConnection } from './whole-transactions.js';

/** A connection pool with the settings that the store relies on. */
export type Database = postgres.Sql;

export interface DatabaseOptions {
  /** Role that every connection acts as. Default: what it logs in as. */
  readonly role?: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** Most connections. Default 10. */
  readonly max?: number;
  /** A statement that runs longer is cancelled. Default 30 s; 0 = never. */
  readonly statementTimeoutMs?: number;
  /** Default 10 s; 0 = never. */
  readonly lockTimeoutMs?: number;
  /**
   * Default 10 s. Every transaction that owns an xid holds all readers of the log back, so that a forgotten one
   * must be ended by the server.
   */
  readonly idleInTransactionTimeoutMs?: number;
  /** How long to wait for a connection. Default 5 s. */
  readonly connectTimeoutSeconds?: number;
}

/** Opens a pool. Connects when first used, and again after every loss. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const sql = postgres(url, {
    max: options.max ?? 10,
    connect_timeout: options.connectTimeoutSeconds ?? 5,
    // The default grows to 20 s: a restarted server would look dead for that long.
    backoff: (attempt: number) => Math.min(0.05 * 2 ** attempt, 1),
    onnotice: () => undefined,
    // Asked at each connect, without anybody hearing of its failure: a connection cut then ended the process. See arrayOf.
    fetch_types: false,
    connection: {
      application_name: options.applicationName ?? 'darkroom',
      statement_timeout: options.statementTimeoutMs ?? 30_000,
      lock_timeout: options.lockTimeoutMs ?? 10_000,
      idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 10_000,
      TimeZone: 'UTC',
      ...(options.role === undefined ? {} : { role: options.role }),
    },
  });
  return endTransactionsWithTheirConnection(sql);
}

/** An array as Postgres reads it, to be cast: `${arrayOf(ids)}::uuid[]`. The driver's own need `fetch_types`. */
export function arrayOf(values: readonly (string | number | null)[]): string {
  const quoted = (value: string): string => `"${value.replaceAll(/[\\"]/g, String.raw`\$&`)}"`;
  return `{${values.map((value) => (value === null ? 'NULL' : quoted(String(value)))).join(',')}}`;
}
