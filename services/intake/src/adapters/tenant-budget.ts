/** What of a tenant's day is on record, and which of the generations that were named are part of it. */
export interface SpentToday {
  readonly micros: bigint;
  readonly seen: readonly string[];
}

/** What a request asks to spend. */
export interface AskedSpend {
  readonly tenant: string;
  /** Millionths of a US dollar a day; null: no limit. */
  readonly budget: bigint | null;
  readonly micros: bigint;
  /** UUID that its generation would have. */
  readonly generation: string;
}

/** How a tenant stands with its budget of the day. */
export type BudgetVerdict =
  /** It is counted as spent from now on; `release` takes it back where nothing was made of it. */
  { readonly kind: 'within'; release(): void } | { readonly kind: 'used-up'; readonly until: Date };

/**
 * A tenant's budget of the day, by what the read model says it spends, and what this process let through that is not in there yet. Soft:
 * what other processes let through in the second that a look is good for comes on top.
 */
export interface TenantBudgets {
  reserve(asked: AskedSpend): Promise<BudgetVerdict>;
}

export interface TenantBudgetsOptions {
  /** What a tenant's generations cost that were asked for since then, and which of these are among them, at one moment. */
  readonly spentSince: (tenant: string, since: Date, named: readonly string[]) => Promise<SpentToday>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const freshForMs = 1_000;
const dayMs = 86_400_000;
const noLimit: BudgetVerdict = { kind: 'within', release: () => undefined };

interface Known {
  readonly day: number;
  readonly lookedAt: number;
  readonly spent: Promise<bigint>;
  /** Let through, and not in the model yet, by generation. */
  readonly reserved: Map<string, bigint>;
}

/** Looks once a second for each tenant that has a budget, however much it asks for. */
export function tenantBudgets({ spentSince, now }: TenantBudgetsOptions): TenantBudgets {
  const tenants = new Map<string, Known>();

  const look = (tenant: string): Known => {
    const at = now();
    const day = Math.floor(at / dayMs);
    const known = tenants.get(tenant);
    if (known !== undefined && known.day === day && at - known.lookedAt < freshForMs) return known;
    const reserved = known?.day === day ? known.reserved : new Map<string, bigint>();
    const read = async (): Promise<bigint> => {
      const { micros, seen } = await spentSince(tenant, new Date(day * dayMs), [...reserved.keys()]);
      for (const generation of seen) reserved.delete(generation);
      return micros;
    };
    const looked: Known = { day, lookedAt: at, spent: read(), reserved };
    // Whoever waits for it is told; the next one looks anew, and what was let through is not forgotten.
    looked.spent.catch(() => tenants.set(tenant, { ...looked, lookedAt: -Infinity }));
    tenants.set(tenant, looked);
    return looked;
  };

  return {
    async reserve({ tenant, budget, micros, generation }) {
      if (budget === null) return noLimit;
      const { day, spent, reserved } = look(tenant);
      const onRecord = await spent;
      // Nothing is waited for from here on: what is let through is counted before anybody else asks.
      const all = [...reserved.values()].reduce((sum, one) => sum + one, onRecord);
      if (all + micros > budget) return { kind: 'used-up', until: new Date((day + 1) * dayMs) };
      reserved.set(generation, micros);
      return { kind: 'within', release: () => void reserved.delete(generation) };
    },
  };
}
