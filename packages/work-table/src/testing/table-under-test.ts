import { randomUUID } from 'node:crypto';
import { createPostgresEventStore, type EventStore } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import {
  type Claim,
  type ClaimRequest,
  type Move,
  type Wake,
  type WorkTable,
  workTable,
  workTableMigrations,
} from '../index.js';

/** A message for a generation of its own. */
export const wakeOf = (overrides: Partial<Wake> = {}): Wake => ({
  generation: randomUUID(),
  tenant: 'acme',
  version: 1,
  ...overrides,
});

/** A claim of what is due. */
export const timed = (
  overrides: Partial<Omit<Extract<ClaimRequest, { kind: 'timed' }>, 'kind'>> = {},
): ClaimRequest => ({ kind: 'timed', holder: 'a', limit: 10, leaseSeconds: 30, ...overrides });

/** A move that lets a row go until a message comes. */
export const release = (overrides: Partial<Move> = {}): Move => ({
  phase: 'waiting',
  nextActionAt: null,
  foldedVersion: 1,
  release: true,
  ...overrides,
});

/** The gateway's table in a database of its own. */
export class TableUnderTest {
  private constructor(
    readonly database: TestDatabase,
    readonly table: WorkTable,
    readonly store: EventStore,
  ) {}

  static async create(): Promise<TableUnderTest> {
    const database = await createTestDatabase({ migrations: [workTableMigrations('gateway')] });
    const table = workTable(database.sql, { schema: 'gateway' });
    return new TableUnderTest(database, table, createPostgresEventStore(database.sql));
  }

  async clear(): Promise<void> {
    await this.database.sql`DELETE FROM gateway.jobs`;
    await this.database.sql`DELETE FROM gateway.turns`;
  }

  async drop(): Promise<void> {
    await this.table.stop();
    await this.store.stop();
    await this.database.drop();
  }

  /** One woken row, claimed. */
  async claimed(leaseSeconds = 30, overrides: Partial<Wake> = {}): Promise<Claim> {
    const wake = wakeOf(overrides);
    await this.table.wake(wake);
    const claims = await this.table.claimDue(timed({ leaseSeconds }));
    const claim = claims.find(({ generation }) => generation === wake.generation);
    if (!claim) throw new Error('nothing was claimed');
    return claim;
  }

  /** One after another: each claims all that is due. */
  async manyClaimed(count: number): Promise<Claim[]> {
    const claims: Claim[] = [];
    while (claims.length < count) claims.push(await this.claimed());
    return claims;
  }

  /** Puts rows into the queue of an account. */
  async queue(account: string, tenants: readonly string[]): Promise<void> {
    for (const tenant of tenants) {
      const claim = await this.claimed(30, { tenant });
      if (!(await this.table.apply(claim, release({ account, ready: true }))))
        throw new Error('it was not kept');
    }
  }

  async ready(account: string, slots: number, limit = 100, holder = 'a'): Promise<Claim[]> {
    return this.table.claimDue({ kind: 'ready', account, slots, holder, limit, leaseSeconds: 30 });
  }

  /** Its lease is over. */
  async expire({ generation }: Claim): Promise<void> {
    await this.database.sql`
      UPDATE gateway.jobs SET due_at = clock_timestamp() - interval '1 second' WHERE generation = ${generation}`;
  }
}
