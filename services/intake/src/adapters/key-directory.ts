import { arrayOf } from '@darkroom/event-store';
import { hashApiKey } from '@darkroom/platform';
import type postgres from 'postgres';
import { z } from 'zod';

/** Who calls. */
export interface Principal {
  readonly tenant: string;
  /** UUID of the key; never the key. */
  readonly keyId: string;
  /** Models that a request without one gets, in order. */
  readonly defaultRoute: readonly string[];
  /** Of its tenant, in millionths of a US dollar; null: none of its own. */
  readonly dailyBudget: bigint | null;
}

const rowSchema = z.object({
  tenant: z.string(),
  keyId: z.uuid(),
  defaultRoute: z.array(z.string()).min(1),
  dailyBudget: z.string().transform(BigInt).nullable(),
});

/** A revoked key works at most this long on. */
const freshForMs = 2_000;
const mostCached = 10_000;

/** Looks keys up by hash or id; answers are kept for two seconds, because every request asks. */
export class KeyDirectory {
  private readonly cache = new Map<string, { principal: Principal; until: number }>();

  constructor(private readonly sql: postgres.Sql) {}

  /** The principal of a key as a client sent it; undefined for one that is unknown, revoked or expired. */
  async byKey(key: string): Promise<Principal | undefined> {
    const hash = Buffer.from(hashApiKey(key), 'hex');
    return this.cached(`h:${hash.toString('hex')}`, () => this.readByHash(hash));
  }

  /** The principal of a session's key. */
  async byId(keyId: string): Promise<Principal | undefined> {
    return this.cached(`i:${keyId}`, () => this.readById(keyId));
  }

  /** Which of these keys no longer work. One query for all open streams. */
  async dead(keyIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.sql<{ id: string }[]>`
      select id::text from intake.api_keys
      where id = any(${arrayOf(keyIds)}::uuid[]) and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())`;
    const alive = new Set(rows.map((row) => row.id));
    return new Set(keyIds.filter((id) => !alive.has(id)));
  }

  private async cached(
    name: string,
    read: () => Promise<Principal | undefined>,
  ): Promise<Principal | undefined> {
    const now = performance.now();
    const known = this.cache.get(name);
    if (known && known.until > now) return known.principal;
    const principal = await read();
    this.cache.delete(name);
    // What is unknown is not kept: guesses would push out what is real.
    if (principal) {
      const [oldest] = this.cache.keys();
      if (oldest !== undefined && this.cache.size >= mostCached) this.cache.delete(oldest);
      this.cache.set(name, { principal, until: now + freshForMs });
    }
    return principal;
  }

  private async readByHash(hash: Buffer): Promise<Principal | undefined> {
    const [row] = await this.sql`
      select k.tenant, k.id::text as "keyId", to_jsonb(t.default_route) as "defaultRoute",
        t.daily_budget_micros::text as "dailyBudget"
      from intake.api_keys k join intake.tenants t on t.id = k.tenant
      where k.hash = ${hash} and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())`;
    return row && rowSchema.parse(row);
  }

  private async readById(keyId: string): Promise<Principal | undefined> {
    const [row] = await this.sql`
      select k.tenant, k.id::text as "keyId", to_jsonb(t.default_route) as "defaultRoute",
        t.daily_budget_micros::text as "dailyBudget"
      from intake.api_keys k join intake.tenants t on t.id = k.tenant
      where k.id = ${keyId} and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())`;
    return row && rowSchema.parse(row);
  }
}
