import 'reflect-metadata';
import type { GenerationState } from '@darkroom/domain';
import type { LedgerLine } from './client.js';
import { SmallWorld } from './small-world.js';

/**
 * The crash table: gateway A dies or stands still after a line of its submit, B takes over when A's lease has ended. Every
 * case has a world of its own, so that they can run side by side.
 */
const worlds: SmallWorld[] = [];
async function world(): Promise<SmallWorld> {
  const made = await SmallWorld.create();
  worlds.push(made);
  return made;
}
afterAll(async () => {
  for (const made of worlds) await made.dispose();
});

const charges = (ledger: readonly LedgerLine[]): number =>
  ledger.filter((line) => line.charged_micros > 0).length;
const isProduced = (state: GenerationState): boolean => state.phase === 'storing';
const isQuestion = (state: GenerationState): boolean =>
  state.phase === 'unresolved' && Date.now() > (state.attempts.at(-1)?.settleUntil ?? Infinity);

interface Case {
  readonly model: string;
  readonly line: number;
  /** Produced, or the question for a person that only a vendor without references leaves. */
  readonly ends: 'produced' | 'question';
  readonly charged: number;
}

/** Before line 4 nothing was sent; from line 6 on the answer was staged. */
const cases: readonly Case[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (line) => ({ model: 'standard', line, ends: 'produced', charged: 1 }) as const,
  ),
  ...[2, 4, 5, 6].map((line) => ({ model: 'keyed', line, ends: 'produced', charged: 1 }) as const),
  ...[3, 4, 5, 6].map((line) => ({ model: 'reject', line, ends: 'produced', charged: 1 }) as const),
  { model: 'blind', line: 1, ends: 'produced', charged: 1 },
  { model: 'blind', line: 3, ends: 'question', charged: 0 },
  { model: 'blind', line: 4, ends: 'question', charged: 1 },
  { model: 'blind', line: 6, ends: 'produced', charged: 1 },
  { model: 'inline', line: 4, ends: 'question', charged: 1 },
  { model: 'inline', line: 6, ends: 'produced', charged: 1 },
  { model: 'inline', line: 7, ends: 'produced', charged: 1 },
];

async function crashAndTakeOver({ model, line, ends }: Case): Promise<{ charged: number; submits: number }> {
  const here = await world();
  const a = await here.start('provider-gateway', { line, signal: 'SIGKILL' });
  const generation = await here.request(model);
  await a.reached(line);
  await here.start('provider-gateway');
  await here.when(
    `${model} ${ends} after a crash at line ${line}`,
    generation,
    60,
    ends === 'produced' ? isProduced : isQuestion,
  );
  const ledger = await here.ledger();
  return { charged: charges(ledger), submits: ledger.filter((entry) => !entry.replay).length };
}

describe('a gateway killed after a line of its submit', () => {
  // Most of a case is waiting for leases and for what the vendor's contract says must be waited for.
  const running = new Map<Case, Promise<{ charged: number; submits: number }>>();
  beforeAll(async () => {
    const queue = [...cases];
    const runner = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const result = crashAndTakeOver(next);
        running.set(next, result);
        await result.catch(() => undefined);
      }
    };
    await Promise.all([runner(), runner(), runner(), runner(), runner()]);
  }, 300_000);

  it.each(cases)('$model after line $line: $ends, charged $charged times', async (given) => {
    const result = await running.get(given);
    expect(result?.charged).toBe(given.charged);
  });
});

describe('a gateway that stands still and comes back', () => {
  it('before its first byte, past its lease, while another takes over: one charge', async () => {
    const here = await world();
    const a = await here.start('provider-gateway', { line: 3, signal: 'SIGSTOP' });
    const generation = await here.request('standard');
    await a.reached(3);
    await here.start('provider-gateway');
    const taken = await here.when('B produced', generation, 60, isProduced);
    expect(taken.attempts.map(({ status }) => status)).toEqual(['not_there', 'produced']);
    a.continue();
    await expect(
      here.when('a change by A', generation, 3, (state) => state.version !== taken.version),
    ).rejects.toThrow();
    expect(charges(await here.ledger())).toBe(1);
  }, 120_000);

  it('before its first byte, and continued while the question is open: its word that nothing was sent settles it', async () => {
    const here = await world();
    const a = await here.start('provider-gateway', { line: 3, signal: 'SIGSTOP' });
    const generation = await here.request('blind');
    await a.reached(3);
    await here.start('provider-gateway');
    await here.when('B does not know', generation, 30, isQuestion);
    a.continue();
    const state = await here.when('settled', generation, 30, isProduced);
    expect(state.attempts.map(({ status }) => status)).toEqual(['not_sent', 'produced']);
    expect(charges(await here.ledger())).toBe(1);
  }, 120_000);

  it('line 8: with the answer in its hands, while another found the job: no second event, one charge', async () => {
    const here = await world();
    const a = await here.start('provider-gateway', { line: 5, signal: 'SIGSTOP' });
    const generation = await here.request('standard');
    await a.reached(5);
    await here.start('provider-gateway');
    const found = await here.when('found and produced', generation, 60, isProduced);
    a.continue();
    await expect(
      here.when('a change by A', generation, 3, (state) => state.version !== found.version),
    ).rejects.toThrow();
    expect(found.attempts).toHaveLength(1);
    expect(found.orphans).toEqual([]);
    expect(charges(await here.ledger())).toBe(1);
  }, 120_000);

  it('line 9: while a cancel came in: the outcome first, then the vendor is told, then the end with its charge', async () => {
    const here = await world();
    await here.faults({ job: { seconds: [20, 20] } });
    const a = await here.start('provider-gateway', { line: 4, signal: 'SIGSTOP' });
    const generation = await here.request('standard');
    await a.reached(4);
    await here.cancel(generation);
    a.continue();
    const state = await here.when('canceled', generation, 60, ({ phase }) => phase === 'canceled');
    expect(state.charge).toBe('CHARGE_CERTAIN');
    const types = (await here.events(generation)).map(({ type }) => type);
    expect(types.indexOf('SubmissionAccepted')).toBeGreaterThan(types.indexOf('CancellationRequested'));
    expect(types.at(-1)).toBe('GenerationCanceled');
    expect(charges(await here.ledger())).toBe(1);
  }, 120_000);
});

describe('line 9: a gateway killed while a cancel came in', () => {
  it.each([
    // The end that was asked for does not wait until absence is proven: the client hears that it may cost.
    { after: 3, charge: 'CHARGE_POSSIBLE', charged: 0, what: 'before its first byte' },
    { after: 4, charge: 'CHARGE_CERTAIN', charged: 1, what: 'with its bytes sent' },
    { after: 6, charge: 'CHARGE_CERTAIN', charged: 1, what: 'with the answer staged' },
  ])(
    '$what: the next one asks the vendor first, then ends it as canceled, $charge',
    async ({ after, charge, charged }) => {
      const here = await world();
      await here.faults({ job: { seconds: [60, 60] } });
      const a = await here.start('provider-gateway', { line: after, signal: 'SIGSTOP' });
      const generation = await here.request('standard');
      await a.reached(after);
      await here.cancel(generation);
      await a.end();
      await here.start('provider-gateway');
      const state = await here.when('canceled', generation, 60, ({ phase }) => phase === 'canceled');
      expect(state.charge).toBe(charge);
      const ledger = await here.ledger();
      expect(charges(ledger)).toBe(charged);
      expect(ledger).toHaveLength(charged);
    },
    120_000,
  );
});

describe('an artifact service killed', () => {
  it.each([
    { line: 13, faults: {}, when: 'after the object was put' },
    { line: 14, faults: { output: { expired: 1 } }, when: 'after a link was found dead' },
  ])(
    '$when (line $line): the next one goes on, one event for each image',
    async ({ line, faults }) => {
      const here = await world();
      await here.faults(faults);
      await here.start('provider-gateway');
      const a = await here.start('artifact', { line, signal: 'SIGKILL' });
      const generation = await here.request('standard');
      await a.reached(line);
      await here.faults({});
      await here.start('artifact');
      const state = await here.when('succeeded', generation, 60, ({ phase }) => phase === 'succeeded');
      expect(state.outputs.map(({ status }) => status)).toEqual(['stored']);
      const stored = (await here.events(generation)).filter(({ type }) => type === 'ArtifactStored');
      expect(stored).toHaveLength(1);
      expect(charges(await here.ledger())).toBe(1);
    },
    120_000,
  );
});
