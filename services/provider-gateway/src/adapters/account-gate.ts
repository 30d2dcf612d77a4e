import type { Database } from '@darkroom/event-store';

/** What holds an account's submits back, shared by all gateways. Times are milliseconds since the epoch. */
export interface AccountGate {
  /** Null: a submit may be made now. Else: not before. A paused account lets one probe through at a time. */
  admit(account: string, probeSeconds: number): Promise<number | null>;
  /** Nothing is submitted for so long; never shortened. */
  holdBack(account: string, seconds: number): Promise<void>;
  /** The vendor refuses the account itself. */
  pause(account: string, because: string, probeSeconds: number): Promise<void>;
  /** A submit was taken: nothing holds it back any more. */
  resume(account: string): Promise<void>;
}

/** The gate as rows of the gateway's schema; time is the database's. */
export function accountGate(sql: Database): AccountGate {
  return {
    async admit(account, probeSeconds) {
      const [row] = await sql<{ wait: number; paused: boolean }[]>`
        select (extract(epoch from not_before - clock_timestamp()) * 1000)::float8 as wait, paused_by is not null as paused
        from gateway.account_gates where account = ${account}`;
      if (row === undefined) return null;
      if (row.wait > 0) return Date.now() + Math.ceil(row.wait);
      if (!row.paused) return null;
      const probe = await sql`
        update gateway.account_gates set not_before = clock_timestamp() + make_interval(secs => ${probeSeconds})
        where account = ${account} and not_before <= clock_timestamp()`;
      return probe.count > 0 ? null : Date.now() + probeSeconds * 1000;
    },
    async holdBack(account, seconds) {
      await sql`
        insert into gateway.account_gates (account, not_before)
        values (${account}, clock_timestamp() + make_interval(secs => ${seconds}))
        on conflict (account) do update set not_before = greatest(account_gates.not_before, excluded.not_before)`;
    },
    async pause(account, because, probeSeconds) {
      await sql`
        insert into gateway.account_gates (account, not_before, paused_by)
        values (${account}, clock_timestamp() + make_interval(secs => ${probeSeconds}), ${because})
        on conflict (account) do update set paused_by = excluded.paused_by,
          not_before = greatest(account_gates.not_before, excluded.not_before)`;
    },
    async resume(account) {
      await sql`delete from gateway.account_gates where account = ${account} and paused_by is not null`;
    },
  };
}
