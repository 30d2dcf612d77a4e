import { sharedQuestions } from './shared-questions.js';

/** Sends that are answered when told to. */
function told() {
  const sent: {
    readonly items: readonly number[];
    readonly signal: AbortSignal;
    answer(text: string): void;
    fail(error: Error): void;
  }[] = [];
  const how = {
    most: 3,
    send: (items: readonly number[], signal: AbortSignal) =>
      new Promise<string>((answer, fail) => {
        sent.push({ items, signal, answer, fail });
      }),
  };
  const at = (nth: number) => {
    const one = sent[nth];
    if (one === undefined) throw new Error(`${nth} was not sent`);
    return one;
  };
  return { sent, how, at };
}

/** Whoever was answered goes on. */
const turn = (): Promise<void> => new Promise(setImmediate);

it('asks at once, and for all that came while questions were on their way in the next', async () => {
  const { sent, how, at } = told();
  const questions = sharedQuestions<number, string>();
  const asked = [1, 2, 3, 4, 5, 6].map((item) => questions.ask('one', item, how));
  expect(sent.map(({ items }) => items)).toEqual([[1], [2]]);
  at(0).answer('first');
  expect(await asked[0]).toEqual({ answer: 'first', items: [1] });
  await turn();
  expect(sent.slice(2).map(({ items }) => items)).toEqual([[3, 4, 5]]);
  at(1).answer('second');
  at(2).answer('third');
  expect(await asked[4]).toEqual({ answer: 'third', items: [3, 4, 5] });
  await turn();
  expect(at(3).items).toEqual([6]);
  at(3).answer('last');
  expect(await asked[5]).toMatchObject({ answer: 'last' });
});

it('keeps apart whom it asks, and begins anew when all is answered', async () => {
  const { sent, how, at } = told();
  const questions = sharedQuestions<number, string>();
  const asked = [questions.ask('one', 1, how), questions.ask('other', 2, how)];
  expect(sent.map(({ items }) => items)).toEqual([[1], [2]]);
  at(0).answer('');
  at(1).answer('');
  await Promise.all(asked);
  void questions.ask('one', 3, how);
  expect(at(2).items).toEqual([3]);
});

it('fails for those who asked, and goes on', async () => {
  const { how, at } = told();
  const questions = sharedQuestions<number, string>();
  const asked = [1, 2, 3].map((item) => questions.ask('one', item, how));
  at(0).fail(new Error('no way'));
  await expect(asked[0]).rejects.toThrow('no way');
  await turn();
  at(2).answer('after it');
  expect(await asked[2]).toMatchObject({ answer: 'after it' });
});

it('lets go whoever does not want to know any more, and the question with the last of them', async () => {
  const { sent, how, at } = told();
  const questions = sharedQuestions<number, string>();
  const [leaving, staying] = [new AbortController(), new AbortController()];
  const first = [1, 2].map((item) => questions.ask('one', item, how, staying.signal));
  const asked = [
    questions.ask('one', 3, how, leaving.signal),
    questions.ask('one', 4, how, leaving.signal),
    questions.ask('one', 5, how, staying.signal),
  ];
  at(0).answer('');
  await first[0];
  await turn();
  expect(at(2).items).toEqual([3, 4, 5]);
  const waiting = questions.ask('one', 6, how, leaving.signal);
  leaving.abort();
  expect(await Promise.all([asked[0], asked[1], waiting])).toEqual([null, null, null]);
  expect(at(2).signal.aborted).toBe(false);
  staying.abort();
  expect(at(2).signal.aborted).toBe(true);
  expect(await asked[2]).toBeNull();
  at(1).answer('');
  at(2).answer('');
  await turn();
  expect(sent).toHaveLength(3);
  expect(await questions.ask('one', 7, how, AbortSignal.abort())).toBeNull();
});
