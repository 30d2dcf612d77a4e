import { mayAppend as domainTable } from '@darkroom/domain';
import type { EventStore, RecordedEvent, RowWrite } from '../index.js';
import type { MayAppend } from '../who-may-append.js';
import { sample } from './samples.js';
import { until } from './until.js';

/** A store under test, and how to end it. */
export interface StoreUnderTest {
  readonly store: EventStore;
  /** A row of the caller's, held under the given number. */
  makeRow(fencing: number): Promise<TestRow>;
  close(): Promise<void>;
}

/** Moves count; a move with another number than the row's touches nothing. */
export interface TestRow {
  move(fencing: number): RowWrite;
  moves(): Promise<number>;
}

const everything = 10_000;

/** What every event store must do; run over each adapter. */
export function eventStoreConformance(
  name: string,
  open: (mayAppend?: MayAppend) => Promise<StoreUnderTest>,
): void {
  describe(`event store conformance: ${name}`, () => {
    let opened: StoreUnderTest;
    let store: EventStore;
    beforeEach(async () => {
      opened = await open();
      ({ store } = opened);
    });
    afterEach(() => opened.close());

    const versions = async (stream: string): Promise<number[]> =>
      (await store.readStream(stream)).map((event) => event.version);

    describe('append', () => {
      it('starts a stream, goes on with it, and answers with the version', async () => {
        const stream = sample.stream();
        expect(await store.append(sample.append({ stream }))).toEqual({ outcome: 'appended', version: 1 });
        const events = [sample.progress(), sample.progress()];
        expect(await store.append(sample.append({ stream, expected: 1, events }))).toEqual({
          outcome: 'appended',
          version: 3,
        });
        expect(await versions(stream)).toEqual([1, 2, 3]);
      });

      it('gives back what it was given', async () => {
        const request = sample.append({
          events: [sample.outputs()],
          metadata: { tenant: 'acme', actor: 'service:x', causationId: 'c', traceparent: '00-a-b-01' },
        });
        await store.append(request);
        const [read] = await store.readStream(request.stream);
        const [given] = request.events;
        expect(read).toMatchObject({
          ...given,
          stream: request.stream,
          version: 1,
          schemaVersion: 1,
          metadata: request.metadata,
          erased: false,
        });
        expect(read?.recordedAt).toBeInstanceOf(Date);
      });

      it.each([
        ['exact', 2],
        ['exact and lower', 0],
        ['none', 'none'],
      ] as const)('refuses a stream that is not as expected: %s', async (_, expected) => {
        const stream = sample.stream();
        await store.append(sample.append({ stream }));
        expect(await store.append(sample.append({ stream, expected }))).toEqual({
          outcome: 'conflict',
          actual: 1,
        });
        expect(await versions(stream)).toEqual([1]);
      });

      it.each([['exists'], [1]] as const)(
        'refuses a stream that is not there: expected %s',
        async (expected) => {
          expect(await store.append(sample.append({ expected }))).toEqual({ outcome: 'conflict', actual: 0 });
        },
      );

      it.each([['any'], ['exists'], [1]] as const)(
        'appends to a stream that is as expected: %s',
        async (expected) => {
          const stream = sample.stream();
          await store.append(sample.append({ stream }));
          expect(await store.append(sample.append({ stream, expected }))).toEqual({
            outcome: 'appended',
            version: 2,
          });
        },
      );

      it('knows events that are there already, before it looks at the version', async () => {
        const request = sample.append({ events: [sample.progress(), sample.progress()] });
        await store.append(request);
        await store.append(sample.append({ stream: request.stream, expected: 2 }));
        expect(await store.append(request)).toEqual({ outcome: 'already-appended', version: 2 });
        expect(await versions(request.stream)).toEqual([1, 2, 3]);
      });

      it('refuses an id of the stream for another event, or for a part of what it was appended with', async () => {
        const first = sample.progress();
        const request = sample.append({ events: [first] });
        await store.append(request);
        const again = (events: typeof request.events) =>
          store.append({ ...request, expected: 'any', events });
        expect(await again([{ ...sample.outputs(), id: first.id }])).toEqual({ outcome: 'id-reused' });
        expect(await again([first, sample.progress()])).toEqual({ outcome: 'id-reused' });
        expect(await versions(request.stream)).toEqual([1]);
      });

      it('lets one of many appends at the same version win', async () => {
        const stream = sample.stream();
        await store.append(sample.append({ stream }));
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, () => store.append(sample.append({ stream, expected: 1 }))),
        );
        expect(outcomes.filter(({ outcome }) => outcome === 'appended')).toHaveLength(1);
        expect(outcomes.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(19);
      });

      it('answers each request of many for itself, in their order', async () => {
        const known = sample.append();
        await store.append(known);
        const same = sample.stream();
        const outcomes = await store.appendMany([
          sample.append(),
          known,
          sample.append({ expected: 'exists' }),
          sample.append({ stream: same }),
          sample.append({ stream: same, expected: 1 }),
        ]);
        expect(outcomes.map(({ outcome }) => outcome)).toEqual([
          'appended',
          'already-appended',
          'conflict',
          'appended',
          'appended',
        ]);
      });

      it('takes more requests at once than a batch holds', async () => {
        const requests = Array.from({ length: 700 }, () => sample.append());
        const outcomes = await store.appendMany(requests);
        expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['appended']));
        const { events } = await store.readAll({ after: store.origin, limit: everything });
        expect(new Set(events.map(({ stream }) => stream)).size).toBe(700);
      });

      it.each([
        ['no events', { events: [] }],
        ['no UUID', { stream: 'gen_1' }],
        [
          'NUL in text',
          { events: [{ ...sample.progress(), data: { run: 1, attempt: 1, vendorStatus: 'a\0b' } }] },
        ],
        [
          'a lone surrogate',
          { events: [{ ...sample.progress(), data: { run: 1, attempt: 1, vendorStatus: '\ud800' } }] },
        ],
        [
          'an event twice',
          {
            events: Array.from({ length: 2 }, () => ({
              ...sample.progress(),
              id: '018f0000-0000-7000-8000-000000000000',
            })),
          },
        ],
        [
          'a field that the contract lacks',
          {
            events: [
              { ...sample.progress(), data: { run: 1, attempt: 1, vendorStatus: '', extra: 1 } as never },
            ],
          },
        ],
      ])('refuses a malformed request by itself: %s', async (_, overrides) => {
        const good = store.append(sample.append());
        await expect(store.append(sample.append(overrides))).rejects.toMatchObject({
          code: 'malformed_request',
        });
        expect((await good).outcome).toBe('appended');
      });

      it('keeps text that only looks like an escape', async () => {
        const request = sample.append({
          events: [
            { ...sample.progress(), data: { run: 1, attempt: 1, vendorStatus: '\\u0000 \\ud800 😀\u2028' } },
          ],
        });
        await store.append(request);
        expect((await store.readStream(request.stream))[0]?.data).toMatchObject({
          vendorStatus: '\\u0000 \\ud800 😀\u2028',
        });
      });

      it('refuses a service that may not append the event', async () => {
        await opened.close();
        opened = await open(domainTable);
        ({ store } = opened);
        const good = sample.append();
        const outcomes = store.appendMany([good, sample.append({ by: 'artifact' })]);
        await expect(outcomes).rejects.toMatchObject({ code: 'not_allowed_to_append' });
        expect(await versions(good.stream)).toEqual([]);
        expect((await store.append(good)).outcome).toBe('appended');
        const create = sample.create({ by: 'control-plane' });
        await expect(store.create(create)).rejects.toMatchObject({ code: 'not_allowed_to_append' });
        expect((await store.create({ ...create, by: 'intake' })).outcome).toBe('created');
      });
    });

    describe('append with a row of the caller', () => {
      it('moves it together with the events', async () => {
        const row = await opened.makeRow(7);
        const request = sample.append({ with: row.move(7) });
        expect(await store.append(request)).toEqual({ outcome: 'appended', version: 1 });
        expect(await row.moves()).toBe(1);
        expect(await versions(request.stream)).toEqual([1]);
      });

      it('writes nothing when it is fenced off', async () => {
        const row = await opened.makeRow(7);
        const request = sample.append({ with: row.move(6) });
        expect(await store.append(request)).toEqual({ outcome: 'fenced' });
        expect(await row.moves()).toBe(0);
        expect(await versions(request.stream)).toEqual([]);
        expect((await store.append({ ...request, with: row.move(7) })).outcome).toBe('appended');
      });

      it('leaves it where it is on a conflict, and when the events are there already', async () => {
        const row = await opened.makeRow(1);
        const request = sample.append({ with: row.move(1) });
        await store.append(request);
        expect(await store.append(request)).toEqual({ outcome: 'already-appended', version: 1 });
        const late = sample.append({ stream: request.stream, expected: 'none', with: row.move(1) });
        expect(await store.append(late)).toEqual({ outcome: 'conflict', actual: 1 });
        expect(await row.moves()).toBe(1);
      });

      it('does not disturb the others of its batch', async () => {
        const rows = await Promise.all(Array.from({ length: 40 }, () => opened.makeRow(1)));
        const requests = rows.map((row, n) => sample.append({ with: row.move(n % 2) }));
        const outcomes = await store.appendMany([...requests, sample.append()]);
        expect(outcomes.map(({ outcome }) => outcome)).toEqual([
          ...rows.map((_, n) => (n % 2 === 1 ? 'appended' : 'fenced')),
          'appended',
        ]);
        expect(await Promise.all(rows.map((row) => row.moves()))).toEqual(rows.map((_, n) => n % 2));
      });

      it('answers two at once to one stream in their order', async () => {
        const [first, second] = [await opened.makeRow(1), await opened.makeRow(1)];
        const stream = sample.stream();
        const outcomes = await store.appendMany([
          sample.append({ stream, with: first.move(1) }),
          sample.append({ stream, expected: 1, with: second.move(1) }),
        ]);
        expect(outcomes.map(({ outcome }) => outcome)).toEqual(['appended', 'appended']);
        expect(await versions(stream)).toEqual([1, 2]);
      });
    });

    describe('create', () => {
      it('starts one stream for a key, and answers the same again', async () => {
        const request = sample.create();
        const first = await store.create(request);
        expect(first).toMatchObject({ outcome: 'created', stream: request.stream });
        const again = await store.create({ ...request, stream: sample.stream(), event: sample.requested() });
        expect(again).toEqual({ ...first, outcome: 'replayed' });
        expect(await versions(request.stream)).toEqual([1]);
        expect(await store.findByKey('acme', request.idempotencyKey)).toEqual({
          stream: request.stream,
          fingerprint: 'fingerprint',
          createdAt: first.outcome === 'created' ? first.createdAt : undefined,
        });
      });

      it('names the stream when the key was used for another request', async () => {
        const request = sample.create();
        await store.create(request);
        const other = { ...request, stream: sample.stream(), fingerprint: 'another' };
        expect(await store.create(other)).toEqual({ outcome: 'mismatch', stream: request.stream });
        expect(await versions(other.stream)).toEqual([]);
      });

      it('starts one of a hundred creates at once with one key', async () => {
        const idempotencyKey = sample.stream();
        const outcomes = await Promise.all(
          Array.from({ length: 100 }, () => store.create(sample.create({ idempotencyKey }))),
        );
        expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
        expect(new Set(outcomes.map(({ stream }) => stream)).size).toBe(1);
      });

      it('keeps tenants and near keys apart', async () => {
        const keys = ['k', 'K', 'k ', '"k"'];
        const outcomes = await Promise.all([
          ...keys.map((idempotencyKey) => store.create(sample.create({ idempotencyKey }))),
          store.create(
            sample.create({
              idempotencyKey: 'k',
              tenant: 'other',
              metadata: { tenant: 'other', actor: 'client:x' },
            }),
          ),
        ]);
        expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => 'created'));
        expect(await store.findByKey('nobody', 'k')).toBeUndefined();
      });

      it('makes a stream that appends go on with', async () => {
        const request = sample.create();
        await store.create(request);
        expect(await store.append(sample.append({ stream: request.stream, expected: 1 }))).toEqual({
          outcome: 'appended',
          version: 2,
        });
      });
    });

    describe('reading', () => {
      it('has no events of a stream that is not there', async () => {
        expect(await store.readStream(sample.stream())).toEqual([]);
      });

      it('reads a stream beyond a version', async () => {
        const request = sample.append({
          events: [sample.progress(1), sample.progress(2), sample.progress(3)],
        });
        await store.append(request);
        expect((await store.readStream(request.stream, { after: 2 })).map(({ version }) => version)).toEqual([
          3,
        ]);
      });

      it('reads the log in order, page by page, each event once', async () => {
        const requests = Array.from({ length: 30 }, () =>
          sample.append({ events: [sample.progress(), sample.progress()] }),
        );
        for (const request of requests) await store.append(request);
        const seen: RecordedEvent[] = [];
        let cursor = store.origin;
        for (;;) {
          const page = await store.readAll({ after: cursor, limit: 7 });
          if (page.cursor === cursor) break;
          seen.push(...page.events);
          ({ cursor } = page);
        }
        expect(seen.map(({ id }) => id)).toEqual(
          requests.flatMap(({ events }) => events.map(({ id }) => id)),
        );
        expect(seen.map((event) => event.cursor)).toEqual(seen.map((event) => event.cursor).toSorted());
        expect(await store.head()).toBe(cursor);
      });

      it('passes over types that are not wanted', async () => {
        for (let n = 0; n < 10; n += 1) await store.append(sample.append());
        const wanted = sample.append({ events: [sample.outputs()] });
        await store.append(wanted);
        const first = await store.readAll({ after: store.origin, limit: 5, types: ['OutputsProduced'] });
        expect(first.events).toEqual([]);
        expect(first.cursor > store.origin).toBe(true);
        const second = await store.readAll({ after: first.cursor, limit: 50, types: ['OutputsProduced'] });
        expect(second.events.map(({ stream }) => stream)).toEqual([wanted.stream]);
        expect(second.cursor).toBe(await store.head());
      });

      it('tells listeners of this process, until they leave', async () => {
        let told = 0;
        const leave = store.onAppended(() => (told += 1));
        await store.append(sample.append());
        await until(() => told > 0);
        leave();
        const before = told;
        await store.append(sample.append());
        expect(told).toBe(before);
      });
    });

    describe('everything, stream by stream', () => {
      it.each([1, 3, 1_000])('comes whole and once, about %i events at a time', async (limit) => {
        const requests = [1, 2, 1, 7, 3].map((count) =>
          sample.append({ events: Array.from({ length: count }, () => sample.progress()) }),
        );
        await store.appendMany(requests);
        const seen: [string, number][] = [];
        for (let after: string | null = null, pages = 0; pages < 20; pages += 1) {
          const page = await store.readByStream({ after, limit });
          seen.push(...page.events.map(({ stream, version }): [string, number] => [stream, version]));
          expect(page.unreadable).toEqual([]);
          ({ next: after } = page);
          if (after === null) break;
        }
        const wanted = requests
          .toSorted((a, b) => (a.stream < b.stream ? -1 : 1))
          .flatMap(({ stream, events }) => events.map((_, n): [string, number] => [stream, n + 1]));
        expect(seen).toEqual(wanted);
      });
    });

    describe('a stream of one tenant', () => {
      it('is read by whoever names its tenant, and empty for another', async () => {
        const create = sample.create();
        await store.create(create);
        const { stream, tenant } = create;
        await store.append(sample.append({ stream, expected: 1, metadata: { tenant, actor: 'service:x' } }));
        const read = async (asking: string, after = 0): Promise<number[]> =>
          (await store.readStream(stream, { after, tenant: asking })).map(({ version }) => version);
        expect(await read(tenant)).toEqual([1, 2]);
        expect(await read(tenant, 1)).toEqual([2]);
        expect(await read('somebody else')).toEqual([]);
        expect(await store.readStream(stream, { tenant })).toEqual(await store.readStream(stream));
        expect(await store.tenantOf(stream)).toBe(tenant);
        expect(await store.tenantOf(sample.stream())).toBeUndefined();
      });
    });

    describe('personal and secret fields', () => {
      it('are gone from every reader after erasing, which says so', async () => {
        const create = sample.create({ event: sample.requested('my own face') });
        await store.create(create);
        await store.append(
          sample.append({
            stream: create.stream,
            expected: 1,
            events: [sample.outputs(), sample.progress()],
          }),
        );
        const other = sample.append({ events: [sample.outputs()] });
        await store.append(other);
        await store.erasePersonal(create.stream, 'somebody else');
        expect((await store.readStream(create.stream)).some(({ erased }) => erased)).toBe(false);
        await store.erasePersonal(create.stream, create.tenant);
        await store.erasePersonal(create.stream, create.tenant);

        const events = await store.readStream(create.stream);
        expect(events.map(({ erased }) => erased)).toEqual([true, true, false]);
        expect(JSON.stringify(events)).not.toMatch(/my own face|vendor\/secret|00ff/);
        const [, outputs] = events;
        expect(outputs?.data).toMatchObject({ links: [], charge: 'CHARGE_CERTAIN' });
        const log = await store.readAll({ after: store.origin, limit: everything });
        expect(log.events.filter(({ erased }) => erased)).toHaveLength(2);
        expect(JSON.stringify(await store.readStream(other.stream))).toContain('vendor/secret');
      });
    });

    describe('checkpoints', () => {
      it('are held by one, who is fenced off once another took over', async () => {
        await store.append(sample.append());
        const end = await store.head();
        const first = await store.checkpoints.acquire('s', 'a', 0.05);
        expect(first?.cursor).toBe(store.origin);
        let second = await store.checkpoints.acquire('s', 'b', 30);
        await until(async () => {
          second ??= await store.checkpoints.acquire('s', 'b', 30);
          return second !== null;
        });
        expect(await store.checkpoints.advance('s', first?.fencing ?? 0n, end)).toBe(false);
        expect(await store.checkpoints.renew('s', first?.fencing ?? 0n, 30)).toBe(false);
        expect(await store.checkpoints.advance('s', second?.fencing ?? 0n, end)).toBe(true);
        expect(await store.checkpoints.acquire('s', 'a', 30)).toBeNull();
        expect(await store.checkpoints.read('s')).toBe(end);
      });

      it('only move forward, and are handed on when released', async () => {
        await store.append(sample.append());
        const first = await store.checkpoints.acquire('s', 'a', 30);
        const { fencing } = first ?? { fencing: 0n };
        const end = await store.head();
        expect(await store.checkpoints.advance('s', fencing, end)).toBe(true);
        expect(await store.checkpoints.advance('s', fencing, store.origin)).toBe(false);
        await store.checkpoints.release('s', fencing);
        expect(await store.checkpoints.advance('s', fencing, end)).toBe(false);
        const second = await store.checkpoints.acquire('s', 'b', 30);
        expect(second?.cursor).toBe(end);
        expect(second?.fencing).toBeGreaterThan(fencing);
      });

      it('start where they are told the first time, and never again', async () => {
        await store.append(sample.append());
        const end = await store.head();
        const first = await store.checkpoints.acquire('s', 'a', 30, end);
        expect(first?.cursor).toBe(end);
        await store.checkpoints.release('s', first?.fencing ?? 0n);
        expect((await store.checkpoints.acquire('s', 'a', 30, store.origin))?.cursor).toBe(end);
      });
    });

    describe('subscription', () => {
      it('hands over every event in order, live ones too, and goes on where it stopped', async () => {
        const seen: string[] = [];
        const requests = Array.from({ length: 5 }, () => sample.append());
        const begin = () =>
          store.subscribe({
            subscription: 's',
            holder: 'a',
            batchSize: 2,
            // What comes sooner was hinted at.
            pollMs: 300_000,
            handle: async (page) => {
              seen.push(...page.map(({ stream }) => stream));
            },
          });
        for (const request of requests.slice(0, 3)) await store.append(request);
        const first = begin();
        await until(() => seen.length === 3);
        for (const request of requests.slice(3, 4)) await store.append(request);
        await until(() => seen.length === 4);
        await first.stop();
        for (const request of requests.slice(4)) await store.append(request);
        const second = begin();
        await until(() => seen.length === 5);
        await second.stop();
        expect(seen).toEqual(requests.map(({ stream }) => stream));
      });

      it('gives a page again that its handler failed on', async () => {
        await store.append(sample.append());
        const errors: unknown[] = [];
        let calls = 0;
        const subscription = store.subscribe({
          subscription: 's',
          holder: 'a',
          onError: (error) => errors.push(error),
          handle: async () => {
            calls += 1;
            if (calls < 3) throw new Error(`no ${calls}`);
          },
        });
        await until(() => calls === 3);
        await subscription.stop();
        expect(errors).toHaveLength(2);
        expect(await store.checkpoints.read('s')).toBe(await store.head());
      });

      it('has one holder; the other takes over when it stops', async () => {
        const seen: string[] = [];
        const begin = (holder: string) =>
          store.subscribe({
            subscription: 's',
            holder,
            leaseSeconds: 1,
            handle: async (page) => void seen.push(...page.map(() => holder)),
          });
        const first = begin('a');
        await store.append(sample.append());
        await until(() => seen.length === 1);
        const second = begin('b');
        await store.append(sample.append());
        await until(() => seen.length === 2);
        await first.stop();
        await store.append(sample.append());
        await until(() => seen.length === 3);
        await second.stop();
        expect(seen).toEqual(['a', 'a', 'b']);
      });
    });

    describe('stop', () => {
      it('answers what was asked before, and refuses what comes after', async () => {
        const asked = Array.from({ length: 300 }, () => store.append(sample.append()));
        await store.stop();
        expect((await Promise.all(asked)).every(({ outcome }) => outcome === 'appended')).toBe(true);
        await expect(store.append(sample.append())).rejects.toMatchObject({ code: 'stopped' });
      });
    });
  });
}
