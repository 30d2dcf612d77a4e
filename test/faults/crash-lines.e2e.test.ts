import 'reflect-metadata';
import type { GenerationState } from '@darkroom/domain';
import { charges, isProduced, isQuestion, statusesOf, type VendorModel, vendorModels } from './endings.js';
import { SmallWorld } from './small-world.js';

/**
 * The crash table: gateway A is killed after a line of its submit, B takes over when A's lease has ended. Most of a case is
 * waiting, for leases and for what the vendor's contract says must be waited for: they run side by side, each in a world of
 * its own.
 */
interface End {
  readonly is: (state: GenerationState) => boolean;
  readonly attempts: readonly string[];
  readonly charged: 0 | 1;
  /** Only by the same bytes under the same key can this vendor say what became of the first send. */
  readonly repeated?: boolean;
}

const produced: End = { is: isProduced, attempts: ['produced'], charged: 1 };
const madeByRepeat: End = { ...produced, repeated: true };
/** Its listing proved that nothing had arrived. */
const sentAgain: End = { is: isProduced, attempts: ['not_there', 'produced'], charged: 1 };
/** A vendor without references cannot be asked: a person decides, and nothing is sent again. */
const question = (charged: 0 | 1): End => ({ is: isQuestion, attempts: ['unknown'], charged });

const always = (end: End): Readonly<Record<VendorModel, End>> => ({
  standard: end,
  keyed: end,
  reject: end,
  blind: end,
  inline: end,
});

const nothingArrived: Readonly<Record<VendorModel, End>> = {
  standard: sentAgain,
  keyed: madeByRepeat,
  reject: sentAgain,
  blind: question(0),
  inline: question(0),
};

const answerIsGone: Readonly<Record<VendorModel, End>> = {
  standard: produced,
  keyed: madeByRepeat,
  reject: produced,
  blind: question(1),
  inline: question(1),
};

/** Every line can occur for every model. 8 and 9 need a second party and have files of their own, as 10 to 14 have. */
const lines: Readonly<Record<string, { after: string; ends: Readonly<Record<VendorModel, End>> }>> = {
  1: { after: 'the row was claimed, the slot taken, the socket opened', ends: always(produced) },
  3: { after: 'the intent was committed, before the first byte', ends: nothingArrived },
  4: { after: 'the bytes were sent', ends: answerIsGone },
  5: { after: 'the answer came, before it was staged', ends: answerIsGone },
  6: { after: 'the answer was staged, before it was appended', ends: always(produced) },
  // That the outcome is there and its row has not moved is impossible: one transaction.
  7: { after: 'the outcome was appended', ends: always(produced) },
};

async function takeOver(
  here: SmallWorld,
  what: string,
  generation: string,
  { is, attempts, charged, repeated = false }: End,
): Promise<void> {
  await here.start('provider-gateway');
  const state = await here.when(what, generation, 60, is);
  expect(statusesOf(state)).toEqual(attempts);
  expect((state.attempts[0]?.repeats ?? 0) > 0).toBe(repeated);
  const ledger = await here.ledger();
  expect(charges(ledger)).toBe(charged);
  if (!repeated) expect(ledger).toHaveLength(charged);
}

describe.each(Object.entries(lines))('line %s: a gateway killed', (number, { after, ends }) => {
  it.concurrent.each(vendorModels)(`after ${after}: %s`, async (model) =>
    SmallWorld.with(async (here) => {
      const line = Number(number);
      const a = await here.start('provider-gateway', { line, signal: 'SIGKILL' });
      const generation = await here.request(model);
      await a.reached(line);
      await takeOver(here, `${model} after line ${line}`, generation, ends[model]);
    }),
  );
});

describe('line 2: a gateway killed while it waits for what became of its intent', () => {
  const killedWaiting = async (model: VendorModel, keepsBack: 'answer' | 'write', end: End): Promise<void> =>
    SmallWorld.with(async (here) => {
      const wire = await here.wire('SubmissionStarted', keepsBack);
      const a = await here.start('provider-gateway', undefined, wire.url);
      const generation = await here.request(model);
      await wire.kept();
      const { phase } = await here.state(generation);
      expect(phase).toBe(keepsBack === 'answer' ? 'submitting' : 'requested');
      await a.end();
      await takeOver(here, `${model} after line 2`, generation, end);
    });

  it.concurrent.each(vendorModels)(
    'which the log has, the answer to its commit was lost: %s',
    async (model) => killedWaiting(model, 'answer', nothingArrived[model]),
  );

  // To whoever takes over it is line 1, whatever the model.
  it.concurrent('which the log has not, the write itself was lost: standard', async () =>
    killedWaiting('standard', 'write', produced),
  );
});
