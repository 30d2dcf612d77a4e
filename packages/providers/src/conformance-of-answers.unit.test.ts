import * as fc from 'fast-check';
import type { JobState, ProviderAdapter, SubmitAnswer, VendorAnswer } from './provider-adapter.js';
import { knownAdapters } from './registry.js';
import { answered } from './testing/answered.js';
import { deliveredAt as now } from './testing/genuine-webhooks.js';
import { hostileIds, hostileTexts, soundIds } from './testing/hostile.js';
import { specimenJob, type Specimens } from './testing/specimen.js';
import { allSpecimens } from './testing/specimens.js';
import { leavesOf, withLeaf } from './testing/spoil.js';
import { mostOutputs } from './usable-outputs.js';
import { expectClean, expectWritable } from './testing/writable.js';

/*
 * What holds of every adapter once a well-formed answer has one thing in it that is odd. An answer is a vendor's, and what is read of it is
 * written into events: whatever an event cannot hold must have been left out by then, and nothing else with it.
 */

const cases = allSpecimens.map((specimens, nth): [string, Spoken] => {
  const adapter = knownAdapters().find(({ vendor }) => vendor === specimens.vendor);
  if (adapter === undefined) throw new Error(`there is no ${specimens.vendor}`);
  const model = specimens.model ?? Object.keys(adapter.models)[0] ?? '';
  return [`${specimens.vendor} ${nth}`, { ...specimens, adapter, model }];
});

type Webhook = NonNullable<Specimens['webhook']>;

interface Spoken extends Specimens {
  readonly adapter: ProviderAdapter;
  readonly model: string;
}

const answer = (status: number, text: string): VendorAnswer =>
  answered(status, text, { 'content-type': 'application/json' });
const json = (value: unknown): string => JSON.stringify(value);

const submitted = ({ adapter, model }: Spoken, text: string, status = 200): SubmitAnswer =>
  adapter.readSubmit(model, answer(status, text), now);

/** How the job stands, by all answers that it takes; else why that cannot be told. */
function stateOf(spoken: Spoken, texts: readonly string[]): JobState | string {
  const { adapter, model } = spoken;
  const [first = '', ...later] = texts;
  if (adapter.webhooksDecide) return adapter.readNotification(Buffer.from(first))?.state ?? 'unreadable';
  if (adapter.poll(model, specimenJob) === undefined) {
    const said = submitted(spoken, first);
    return said.kind === 'ended' ? said.state : said.kind;
  }
  let said = adapter.readPoll(answer(200, first), { model, jobId: specimenJob }, now);
  for (const text of later) if (said.kind === 'ask') said = said.read(answer(200, text), now);
  return said.kind === 'job' ? said.state : said.kind;
}

const told = (
  spoken: Spoken,
  word: string,
  pictures: readonly unknown[] = [spoken.picture(spoken.source('a'))],
) => stateOf(spoken, spoken.told(word, pictures).map(json));
const kindOf = (said: JobState | string): string => (typeof said === 'string' ? said : said.kind);

/** One with every word, or the one where there are none. */
const wordsOf = ({ words }: Spoken): string[] => (Object.keys(words).length > 0 ? Object.keys(words) : ['']);

const kindOfLeaf = (leaf: unknown): string =>
  typeof leaf === 'string' || typeof leaf === 'number' ? typeof leaf : 'other';

/** Every answer that a job's word takes, with one leaf replaced. */
function* spoilt(
  spoken: Spoken,
  word: string,
  type: string,
  literals: readonly string[],
): Generator<{ what: string; texts: string[] }> {
  const bodies = spoken.told(word, [spoken.picture(spoken.source('a'))]);
  for (const [nth, body] of bodies.entries())
    for (const { path } of leavesOf(body).filter(({ leaf }) => type === kindOfLeaf(leaf)))
      for (const literal of literals)
        yield {
          what: `${word} ${path.join('.')} ${literal.slice(0, 40)}`,
          texts: bodies.map((other, at) => (at === nth ? withLeaf(body, path, literal) : json(other))),
        };
}

it('knows answers of every vendor', () => {
  expect(new Set(cases.map(([, { adapter }]) => adapter))).toEqual(new Set(knownAdapters()));
});

describe.each(cases)('%s', (_name, spoken) => {
  const { accepted, refusals, words } = spoken;

  it('has answers that are read as they are meant', () => {
    for (const [word, kind] of Object.entries(words))
      expect([word, kindOf(told(spoken, word))]).toEqual([word, kind]);
    if (accepted)
      expect(submitted(spoken, json(accepted('job_2')))).toMatchObject({ kind: 'accepted', jobId: 'job_2' });
    for (const { status, body } of refusals)
      expect(submitted(spoken, json(body), status).kind).toBe('refused');
  });

  it('reads the vendor’s words in any case', () => {
    const cases = [
      (word: string) => word.toUpperCase(),
      (word: string) => word.toLowerCase(),
      (word: string) => word.replace(/^./, (first) => first.toUpperCase()),
    ];
    // As the vendor wrote it, a word is shown, and no more.
    const read = (word: string) => {
      const said = told(spoken, word);
      return typeof said === 'string' || said.kind === 'produced' || said.kind === 'canceled'
        ? said
        : { ...said, vendorStatus: '', vendorCode: '' };
    };
    for (const word of Object.keys(words))
      for (const as of cases) expect([as(word), read(as(word))]).toEqual([as(word), read(word)]);
  });

  // What no event can hold, and what some can.
  const numbers = ['-1', '0.5', '2147483647', '2147483648', '1e16', '1e21', '1e400', '-1e400'];

  it('reads a number that is none as said by nobody, and the rest as ever', () => {
    for (const word of wordsOf(spoken))
      for (const { what, texts } of spoilt(spoken, word, 'number', numbers)) {
        const said = stateOf(spoken, texts);
        expect([what, kindOf(said)]).toEqual([what, kindOf(told(spoken, word))]);
        if (typeof said !== 'string') expectWritable(said);
      }
    const whole = accepted?.(specimenJob);
    for (const { path } of leavesOf(whole).filter(({ leaf }) => typeof leaf === 'number'))
      for (const number of numbers) {
        const said = submitted(spoken, withLeaf(whole, path, number));
        expect([path, number, said.kind]).toEqual([path, number, 'accepted']);
        expectWritable(said);
      }
  });
  it('keeps no text as it came, wherever it stands', () => {
    readWith(spoken, ['string'], hostileTexts.map(json));
    const huge = json('x'.repeat(10_000_000));
    for (const { status, body } of refusals)
      for (const { path } of leavesOf(body).filter(({ leaf }) => typeof leaf === 'string'))
        expectReadable(path.join('.'), submitted(spoken, withLeaf(body, path, huge), status));
  });

  it('is stopped by nothing that stands where it does not belong', () => {
    const keys = '{"toString":1,"valueOf":1,"toJSON":1,"constructor":1,"__proto__":1}';
    readWith(spoken, ['string', 'number', 'other'], ['null', '7', '[]', '{}', keys]);
  });
});

describe.each(cases.filter(([, { list }]) => list))('several pictures of %s', (_name, spoken) => {
  const [made] = Object.entries(spoken.words).find(([, kind]) => kind === 'produced') ?? [''];
  /** The sources of what was made of these pictures, in the order of their numbers, and how many were left out. */
  const producedOf = (pictures: readonly unknown[]) => {
    const said = told(spoken, made, pictures);
    if (typeof said === 'string' || said.kind !== 'produced') throw new Error(kindOf(said));
    expect(said.outputs.map(({ index }) => index)).toEqual(said.outputs.map((_, nth) => nth));
    const sources = said.outputs.map(({ source }) =>
      source.kind === 'link' ? source.url : Buffer.from(source.bytes).toString(),
    );
    return { sources, dropped: said.dropped };
  };

  it('loses no picture to what stands before it and is none', () => {
    const [a, b] = ['a', 'b'].map((name) => spoken.picture(spoken.source(name)));
    const none = spoken.picture('');
    const { sources } = producedOf([a, b]);
    expect(new Set(sources).size).toBe(2);
    expect(producedOf([none, none, a, none, b])).toEqual({ sources, dropped: 3 });
    expect(producedOf([...Array.from({ length: 20 }, () => none), a, b])).toEqual({ sources, dropped: 20 });
    for (const odd of [null, 7, {}, []]) expect(producedOf([odd, a, odd, b]).sources).toEqual(sources);
  });

  it('takes a few pictures, however many there are', () => {
    const many = Array.from({ length: 500 }, (_, nth) => spoken.picture(spoken.source(String(nth))));
    const { sources, dropped } = producedOf(many);
    expect(sources).toHaveLength(mostOutputs);
    expect(dropped).toBe(500 - mostOutputs);
  });
});

const queued = cases.flatMap(([name, spoken]): [string, Spoken, (jobId: string) => unknown][] =>
  spoken.accepted ? [[name, spoken, spoken.accepted]] : [],
);

it.each(queued)(
  'takes a job of %s only by a name that can be kept and asked for',
  (_name, spoken, accepted) => {
    const idOf = (id: string) => {
      const said = submitted(spoken, json(accepted(id)));
      return said.kind === 'accepted' ? said.jobId : said.kind;
    };
    expect(soundIds.map(idOf)).toEqual(soundIds);
    expect(hostileIds.map(idOf)).toEqual(hostileIds.map(() => 'unreadable'));
  },
);

const withWebhooks = cases.flatMap(([name, spoken]): [string, Spoken, Webhook][] =>
  spoken.webhook ? [[name, spoken, spoken.webhook]] : [],
);

describe.each(withWebhooks)('a genuine webhook of %s', (_name, { adapter }, { body, deliver }) => {
  /** What is said of it, which is what a recorded one says. */
  const heard = (raw: string | Uint8Array) => {
    const { delivery, secrets } = deliver(Buffer.from(raw));
    const verdict = adapter.verifyWebhook(delivery, secrets, now);
    const news = adapter.readNotification(delivery.rawBody);
    if (verdict.kind === 'refused') {
      expect([verdict.reason, news]).toEqual(['unreadable', undefined]);
      return undefined;
    }
    const { kind: _, notificationId, ...told } = verdict;
    expect(told).toEqual(news);
    expectClean({ notificationId });
    expectWritable(verdict.state);
    return verdict;
  };
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  it('is read, also with a mark before it and with keys that every object has', () => {
    const read = heard(json(body));
    expect(read).toMatchObject({ jobId: specimenJob });
    expect(heard(`\ufeff${json(body)}`)).toEqual(read);
    for (const key of ['constructor', '__proto__', 'toString', 'toJSON', 'hasOwnProperty'])
      expect(heard(`{"${key}":{"x":1},${json(body).slice(1)}`)).toEqual(read);
    expect(heard(`{"x":"\\u0000\\ud800",${json(body).slice(1)}`)).toEqual(read);
  });

  it('is of a job whose name can be kept and asked for', () => {
    const idOf = (id: string) => heard(json(body).replaceAll(json(specimenJob), () => json(id)))?.jobId;
    expect(soundIds.map(idOf)).toEqual(soundIds);
    expect(hostileIds.map(idOf)).toEqual(hostileIds.map(() => undefined));
  });

  it('is refused where it cannot be read, and never throws', () => {
    for (const depth of [40, 100_000])
      expect(heard(`{"x":${nested(depth)},${json(body).slice(1)}`)).toBeUndefined();
    for (const raw of ['', '\ufeff', 'null', '[]', '{}', '"x"', '{"x":', nested(100_000)])
      expect(heard(raw)).toBeUndefined();
    expect(heard(Buffer.from([0xff, 0xfe, ...Buffer.from(json(body), 'utf16le')]))).toBeUndefined();
    for (const { path } of leavesOf(body))
      for (const odd of [
        'null',
        '7',
        '[]',
        '"\\u0000"',
        '"\\ud800"',
        '{"toString":1,"valueOf":1}',
        nested(20),
      ])
        heard(withLeaf(body, path, odd));
  });

  it('never throws, whatever its bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (raw) => void heard(raw)));
    fc.assert(fc.property(fc.json(), (raw) => void heard(raw)));
    const bytes = Buffer.from(json(body));
    // One byte of it is another.
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const raw = Buffer.from(bytes);
        raw[at] = byte;
        heard(raw);
      }),
    );
  });
});

/** Reads every answer with such a leaf in it, to a submit and to what is asked then: each can be written. */
function readWith(spoken: Spoken, types: readonly string[], literals: readonly string[]): void {
  const { adapter, model, accepted, refusals } = spoken;
  for (const word of wordsOf(spoken))
    for (const type of types)
      for (const { what, texts } of spoilt(spoken, word, type, literals)) {
        const said = stateOf(spoken, texts);
        if (typeof said !== 'string') expectReadable(what, said);
      }
  for (const { status, body } of [...refusals, { status: 200, body: accepted?.(specimenJob) }])
    for (const { path } of leavesOf(body).filter(({ leaf }) => types.includes(kindOfLeaf(leaf))))
      for (const literal of literals)
        for (const as of new Set([status, 404, 500])) {
          const text = withLeaf(body, path, literal);
          expectReadable(path.join('.'), submitted(spoken, text, as));
          const asked = { model, jobId: specimenJob };
          for (const said of [
            adapter.readPoll(answer(as, text), asked, now),
            adapter.readCancel(answer(as, text), asked, now),
          ])
            if (said.kind === 'error') expectClean(said);
        }
}

/** As it can be written, and shown. */
function expectReadable(what: string, said: JobState | SubmitAnswer): void {
  try {
    expectWritable(said);
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}
