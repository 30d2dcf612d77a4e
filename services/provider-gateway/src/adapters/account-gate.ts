import type { Database } from '@darkroom/event-store';

/** `open`: submit. `probe`: submit, it is the one that shows whether the vendor takes the account again. */
export type Admission = 'open' | 'probe' | 'closed';

/** What holds an account's submits back, shared by all gateways. */
export interface AccountGate {
  /** A paused account lets one probe through at a time. */
  admit(account: string, probeSeconds: number): Promise<Admission>;
  /** Accounts that admit nothing now, so that their backlog is not claimed in vain. */
  closed(): Promise<ReadonlySet<string>>;
  /** Nothing is submitted for so long; never shortened. */
  holdBack(account: string, seconds: number): Promise<void>;
  /** The vendor refuses the account itself. */
  pause(account: string, because: string, probeSeconds: number): Promise<void>;
  /** A probe was taken: nothing holds the account back any more. */
  resume(account: string): Promise<void>;
}

/** The gate as rows of the gateway's schema; time is the database's. */
export function accountGate(sql: Database): AccountGate {
  return {
    async admit(account, probeSeconds) {
      const [row] = await sql<{ open: boolean; paused: boolean }[]>`
        select not_before <= clock_timestamp() as open, paused_by is not null as paused
        from gateway.account_gates where account = ${account}`;
      if (row === undefined || (row.open && !row.paused)) return 'open';
      if (!row.open) return 'closed';
      const probe = await sql`
        update gateway.account_gates set not_before = clock_timestamp() + make_interval(secs => ${probeSeconds})
        where account = ${account} and not_before <= clock_timestamp()`;
      return probe.count > 0 ? 'probe' : 'closed';
    },
    async closed() {
      const rows = await sql<{ account: string }[]>`
        select account from gateway.account_gates where not_before > clock_timestamp()`;
      return new Set(rows.map(({ account }) => account));
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
