import { tenantBudgets } from './tenant-budget.js';

const noon = Date.parse('2026-06-01T12:00:00Z');
let nth = 0;
const asked = (more: { micros?: bigint; budget?: bigint | null } = {}) => {
  nth += 1;
  return { tenant: 'acme', budget: 100n, micros: 40n, generation: `generation-${nth}`, ...more };
};

/** Budgets on a clock and a model that a test moves: what the model has of what was named, it has seen. */
function world() {
  const at = { now: noon, spent: 0n, seen: new Set<string>(), looks: [] as Date[] };
  const budgets = tenantBudgets({
    now: () => at.now,
    spentSince: async (_tenant, since, named) => {
      at.looks.push(since);
      return { micros: at.spent, seen: named.filter((id) => at.seen.has(id)) };
    },
  });
  return { at, budgets };
}

it('lets through what fits, to the last millionth, and says until when nothing more does', async () => {
  const { at, budgets } = world();
  at.spent = 60n;
  expect(await budgets.reserve(asked({ micros: 41n }))).toEqual({
    kind: 'used-up',
    until: new Date('2026-06-02T00:00:00Z'),
  });
  expect((await budgets.reserve(asked())).kind).toBe('within');
  expect((await budgets.reserve(asked({ micros: 1n }))).kind).toBe('used-up');
});

it('lets no more through, however many ask at once', async () => {
  const { budgets } = world();
  const verdicts = await Promise.all(Array.from({ length: 50 }, () => budgets.reserve(asked())));
  expect(verdicts.filter(({ kind }) => kind === 'within')).toHaveLength(2);
});

it('counts what it let through until the model has it, however long that takes, and never twice', async () => {
  const { at, budgets } = world();
  const first = asked();
  await budgets.reserve(first);
  await budgets.reserve(asked());
  // The model stands still.
  at.now += 60_000;
  expect((await budgets.reserve(asked())).kind).toBe('used-up');
  // It has the first of them.
  at.seen.add(first.generation);
  at.spent = 40n;
  at.now += 1_000;
  expect((await budgets.reserve(asked({ micros: 20n }))).kind).toBe('within');
  expect((await budgets.reserve(asked({ micros: 1n }))).kind).toBe('used-up');
});

it('gives back what nothing was made of', async () => {
  const { budgets } = world();
  const verdict = await budgets.reserve(asked({ micros: 100n }));
  if (verdict.kind !== 'within') throw new Error('refused');
  verdict.release();
  expect((await budgets.reserve(asked())).kind).toBe('within');
});

it('looks once a second, from the beginning of the day on, and begins anew with the next', async () => {
  const { at, budgets } = world();
  await Promise.all([budgets.reserve(asked()), budgets.reserve(asked())]);
  at.now += 999;
  expect((await budgets.reserve(asked())).kind).toBe('used-up');
  expect(at.looks).toEqual([new Date('2026-06-01T00:00:00Z')]);
  at.now = Date.parse('2026-06-02T00:00:00Z');
  expect((await budgets.reserve(asked())).kind).toBe('within');
  expect(at.looks.at(-1)).toEqual(new Date('2026-06-02T00:00:00Z'));
});

it('asks nobody for a tenant without a budget', async () => {
  const { at, budgets } = world();
  expect((await budgets.reserve(asked({ budget: null, micros: 1_000_000n }))).kind).toBe('within');
  expect(at.looks).toEqual([]);
});

it('passes on that it could not look, looks anew, and forgets nothing', async () => {
  const at = { now: noon, away: false };
  const budgets = tenantBudgets({
    now: () => at.now,
    spentSince: async () => {
      if (at.away) throw new Error('away');
      return { micros: 0n, seen: [] };
    },
  });
  await budgets.reserve(asked({ micros: 90n }));
  at.now += 1_000;
  at.away = true;
  await expect(budgets.reserve(asked())).rejects.toThrow('away');
  at.away = false;
  expect((await budgets.reserve(asked())).kind).toBe('used-up');
  expect((await budgets.reserve(asked({ micros: 10n }))).kind).toBe('within');
});
