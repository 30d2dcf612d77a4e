import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentAttempt, type GenerationState } from '@darkroom/domain';
import { type RunningSimulator, startSimulator } from '@darkroom/simulator';
import { z } from 'zod';
import type { ProviderGatewayConfig } from './config.js';
import { GatewayUnderTest, until } from './testing/gateway-under-test.js';
import { json, VendorDouble, type VendorReply } from './testing/vendor-double.js';

const line = z.object({ prompt: z.string().nullable(), replay: z.boolean(), charged_micros: z.number() });

/** A gateway and the simulator, which keeps the bill. Each case has its own, as most of it is waiting. */
class World {
  private constructor(
    readonly gateway: GatewayUnderTest,
    private readonly simulator: RunningSimulator,
  ) {}

  static async with(run: (world: World) => Promise<void>): Promise<void> {
    const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-settling-'));
    const simulator = await startSimulator({ host: '127.0.0.1', port: 0, dataDir });
    const gateway = await GatewayUnderTest.create();
    try {
      await gateway.start(simulator.url, { retry: { baseSeconds: 0.1 } });
      await run(new World(gateway, simulator));
    } finally {
      await gateway.drop();
      await simulator.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }

  async faults(set: object): Promise<void> {
    const answer = await fetch(`${this.simulator.url}/admin/faults`, {
      method: 'PUT',
      body: JSON.stringify({ job: { seconds: [0.1, 0.2] }, ...set }),
    });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  }

  /** What the vendor saw and charged. */
  async bill(): Promise<{ submits: number; replays: number; charges: number }> {
    const text = await (await fetch(`${this.simulator.url}/admin/ledger`)).text();
    const lines = text
      .split('\n')
      .filter((row) => row !== '')
      .map((row) => line.parse(JSON.parse(row)));
    return {
      submits: lines.filter(({ replay }) => !replay).length,
      replays: lines.filter(({ replay }) => replay).length,
      charges: lines.filter(({ charged_micros }) => charged_micros > 0).length,
    };
  }

  /** Ids of the jobs that the vendor lists under a reference. */
  async listed(reference: string): Promise<string[]> {
    const answer = await fetch(`${this.simulator.url}/v1/jobs?reference=${reference}`, {
      headers: { authorization: 'Bearer any' },
    });
    const { data } = z.object({ data: z.array(z.object({ id: z.string() })) }).parse(await answer.json());
    return data.map(({ id }) => id);
  }
}

/** The evidence of how an open question was settled. */
async function lookedUp(gateway: GatewayUnderTest, generation: string) {
  const { events } = await gateway.load(generation);
  return events
    .flatMap(({ type, data }) => (type === 'SubmissionResolved' ? (data.evidence ?? []) : []))
    .at(0);
}

/** A listing tells of others too: what it said is left out. */
const askedFor = {
  request: expect.stringMatching('^GET http://.*/v1/jobs$'),
  responseStatus: 200,
  responseBody: '',
};

const isProduced = ({ phase }: GenerationState): boolean => phase === 'storing';
const isUnknown = ({ phase }: GenerationState): boolean => phase === 'unresolved';

describe.each([
  ['lost', { drop_reply: 1 }],
  ['late for ever', { hang: 1 }],
  ['no answer that can be read', { malformed: 1 }],
])('the answer to an accepted submit is %s', (_, submit) => {
  it.concurrent.each(['standard', 'reject'])('%s: looked up and found, one charge', async (model) =>
    World.with(async (world) => {
      const { gateway } = world;
      await world.faults({ submit });
      const generation = await gateway.request(model);
      const state = await gateway.when('produced', generation, isProduced, 40);
      expect(state.attempts).toHaveLength(1);
      expect(await gateway.types(generation)).not.toContain('SubmissionRepeated');
      expect(await lookedUp(gateway, generation)).toMatchObject(askedFor);
      expect(await world.bill()).toEqual({ submits: 1, replays: 0, charges: 1 });
    }),
  );

  it.concurrent('keyed: the same bytes again, the same job, one charge', async () =>
    World.with(async (world) => {
      const { gateway } = world;
      await world.faults({ submit });
      const generation = await gateway.request('keyed');
      await gateway.when('unknown', generation, isUnknown, 40);
      await world.faults({});
      const state = await gateway.when('produced', generation, isProduced, 40);
      expect(currentAttempt(state)?.repeats).toBeGreaterThanOrEqual(1);
      const { submits, replays, charges } = await world.bill();
      expect({ submits, charges }).toEqual({ submits: 1, charges: 1 });
      expect(replays).toBeGreaterThanOrEqual(1);
    }),
  );

  it.concurrent.each(['blind', 'inline'])('%s: a question for a person, sent once', async (model) =>
    World.with(async (world) => {
      const { gateway } = world;
      await world.faults({ submit });
      const generation = await gateway.request(model);
      await gateway.when('unknown', generation, isUnknown, 40);
      await world.faults({});
      const isAsked = (state: GenerationState): boolean =>
        isUnknown(state) && Date.now() > (currentAttempt(state)?.settleUntil ?? Infinity);
      await gateway.when('asked', generation, isAsked, 40);
      expect(await world.bill()).toEqual({ submits: 1, replays: 0, charges: 1 });
      await gateway.cancel(generation);
      const state = await gateway.when('canceled', generation, ({ phase }) => phase === 'canceled');
      expect(state.charge).toBe('CHARGE_POSSIBLE');
    }),
  );
});

it.concurrent.each(['standard', 'reject'])(
  '%s: a request that never arrived is not there, but only once the listing can prove it; then it is sent again',
  async (model) =>
    World.with(async (world) => {
      const { gateway } = world;
      await world.faults({ submit: { drop_before_accept: 1 } });
      const generation = await gateway.request(model);
      await gateway.when('unknown', generation, isUnknown);
      await world.faults({});
      const state = await gateway.when('produced', generation, isProduced, 60);
      expect(state.attempts.map(({ status }) => status)).toEqual(['not_there', 'produced']);
      const { events } = await gateway.load(generation);
      const resolved = events.find(({ type }) => type === 'SubmissionResolved');
      // send_by, the vendor's accept lag and its settling time.
      expect(resolved?.recordedAt.getTime()).toBeGreaterThan((state.attempts[0]?.sendBy ?? 0) + 12_000);
      expect(await lookedUp(gateway, generation)).toMatchObject(askedFor);
      expect(await world.bill()).toEqual({ submits: 2, replays: 0, charges: 1 });
    }),
);

it.concurrent('keyed: a request that never arrived is made by its repeat', async () =>
  World.with(async (world) => {
    const { gateway } = world;
    await world.faults({ submit: { drop_before_accept: 1 } });
    const generation = await gateway.request('keyed');
    await gateway.when('unknown', generation, isUnknown);
    await world.faults({});
    const state = await gateway.when('produced', generation, isProduced, 60);
    expect(state.attempts).toHaveLength(1);
    expect((await world.bill()).charges).toBe(1);
  }),
);

it.concurrent(
  'a listing that leaves jobs out breaks its promise: the second charge shows as a paid orphan',
  async () =>
    World.with(async (world) => {
      const { gateway } = world;
      await world.faults({
        submit: { drop_reply: 1 },
        list: { lag_seconds: 25 },
        job: { seconds: [0.1, 0.1] },
      });
      const generation = await gateway.request('standard');
      await gateway.when('unknown', generation, isUnknown);
      await world.faults({ list: { lag_seconds: 25 }, job: { seconds: [20, 20] } });
      await gateway.when('sent again', generation, ({ attempts }) => attempts.length === 2, 60);
      await world.faults({ list: { lag_seconds: 0 } });
      // Its webhook comes after all.
      const { attempts } = (await gateway.load(generation)).state;
      const [id = ''] = await world.listed(attempts[0]?.reference ?? '');
      await gateway.notify(generation, { id, status: 'succeeded', outputs: [] });
      const state = await gateway.when('recorded', generation, ({ orphans }) => orphans.length > 0, 40);
      expect(state.orphans).toMatchObject([{ attempt: 1, vendorJobId: id, charge: 'CHARGE_CERTAIN' }]);
    }),
);

describe('an account whose written policy submits anew what nobody can settle', () => {
  const lost = { submit: { drop_reply: 1 } };

  it.concurrent.each(['blind', 'inline'])(
    '%s: once more when the time to tell is over, both charges on record',
    async (model) =>
      World.with(async (world) => {
        const { gateway } = world;
        await world.faults(lost);
        await gateway.resubmitsUnknown(true);
        const generation = await gateway.request(model);
        const asked = await gateway.when('unknown', generation, isUnknown, 40);
        await world.faults({});
        const state = await gateway.when('produced', generation, isProduced, 60);
        expect(state.attempts).toMatchObject([
          { status: 'given_up', charge: 'CHARGE_POSSIBLE', secondChargeAccepted: true },
          { status: 'produced' },
        ]);
        const { events } = await gateway.load(generation);
        const givenUp = events.find(({ type }) => type === 'SubmissionResolved');
        expect(givenUp?.data).toMatchObject({
          resolution: 'RESOLUTION_GIVEN_UP',
          retryRule: 'policy_resubmits_unknown',
          acceptDoubleCharge: true,
          reason: expect.stringContaining('policy of sim'),
        });
        expect(givenUp?.recordedAt.getTime()).toBeGreaterThan(currentAttempt(asked)?.settleUntil ?? Infinity);
        expect(await world.bill()).toEqual({ submits: 2, replays: 0, charges: 2 });
      }),
  );

  it.concurrent('holds for what was asked of a person before it was written', async () =>
    World.with(async (world) => {
      const { gateway } = world;
      await world.faults(lost);
      const generation = await gateway.request('blind');
      const isAsked = (state: GenerationState): boolean =>
        isUnknown(state) && Date.now() > (currentAttempt(state)?.settleUntil ?? Infinity) + 2_000;
      await gateway.when('asked', generation, isAsked, 60);
      await world.faults({});
      await gateway.resubmitsUnknown(true);
      await gateway.when('produced', generation, isProduced, 20);
    }),
  );

  it.concurrent(
    'never pays a third time, nor where the vendor itself can be asked',
    async () =>
      World.with(async (world) => {
        const { gateway } = world;
        await gateway.resubmitsUnknown(true);
        await world.faults(lost);
        const blind = await gateway.request('blind');
        const isAskedAgain = ({ phase, attempts }: GenerationState): boolean =>
          phase === 'unresolved' &&
          attempts.length === 2 &&
          Date.now() > (attempts[1]?.settleUntil ?? Infinity) + 2_000;
        await gateway.when('asked for the second', blind, isAskedAgain, 90);
        // Nothing of it can be had for longer than the grace: it goes on being asked for.
        const keyed = await gateway.request('keyed');
        const isOld = (state: GenerationState): boolean =>
          isUnknown(state) && Date.now() > (currentAttempt(state)?.settleUntil ?? Infinity) + 2_000;
        const { attempts } = await gateway.when('old', keyed, isOld, 60);
        expect(attempts).toHaveLength(1);
        await world.faults({});
        await gateway.when('found', keyed, isProduced, 60);
        expect(await world.bill()).toMatchObject({ submits: 3, charges: 3 });
      }),
    480_000,
  );
});

describe('a key for one use, at a vendor that lists nothing', () => {
  const badGateway: VendorReply = {
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: '<h1>502</h1>',
  };
  const error = (status: number, code: string): VendorReply =>
    json(status, { error: { code, message: `said ${code}`, details: null } });
  const evidenceOf = async (gateway: GatewayUnderTest, generation: string) =>
    (await gateway.load(generation)).events.flatMap((event) =>
      event.type === 'SubmissionOutcomeUnknown'
        ? [{ cause: event.data.cause, evidence: event.data.evidence }]
        : [],
    );

  /** A gateway and a vendor that answers submits so, by their number from 0. */
  async function withComfy(
    answerTo: (nth: number) => VendorReply,
    run: (gateway: GatewayUnderTest, vendor: VendorDouble) => Promise<void>,
    // What is shown here is mostly what a question costs, not what an outage costs the account.
    breaker: ProviderGatewayConfig['breaker'] = { breakerFewest: 100_000, breakerInARow: 100_000 },
  ): Promise<void> {
    const vendor = await VendorDouble.start();
    const gateway = await GatewayUnderTest.create();
    vendor.says(({ method }) => (method === 'POST' ? answerTo(sent(vendor) - 1) : error(404, 'not_found')));
    try {
      const account = { id: 'comfy-test', vendor: 'comfy', baseUrl: vendor.url, credential: 'a key' };
      await gateway.start(vendor.url, { accounts: [{ ...account, privateAddress: true }], breaker });
      await run(gateway, vendor);
    } finally {
      await gateway.drop();
      await vendor.stop();
    }
  }
  const sent = (vendor: VendorDouble): number =>
    vendor.calls.filter(({ method }) => method === 'POST').length;
  const request = async (gateway: GatewayUnderTest): Promise<string> =>
    gateway.request('sdxl-base', { route: ['comfy/sdxl-base'] });

  it.concurrent(
    'is tried on through an outage, and no more once it is refused as used: the refusal is evidence',
    async () => {
      const outage = 7;
      const answerTo = (nth: number): VendorReply =>
        nth === 0
          ? { status: 0, cut: 'before' }
          : nth <= outage
            ? badGateway
            : error(422, 'idempotency_key_reuse');
      await withComfy(answerTo, async (gateway, vendor) => {
        const generation = await request(gateway);
        const isUsed = ({ attempts }: GenerationState): boolean =>
          attempts[0]?.unknownCause === 'UNKNOWN_CAUSE_KEY_USED';
        const before = await gateway.when('asked', generation, isUnknown);
        const state = await gateway.when('refused as used', generation, isUsed, 240);
        const [first] = before.attempts;
        expect(state).toMatchObject({
          phase: 'unresolved',
          attempts: [
            {
              status: 'unknown',
              repeats: outage + 1,
              unknownSince: first?.unknownSince,
              settleUntil: first?.settleUntil,
            },
          ],
        });
        // One of many that were the same.
        expect(await evidenceOf(gateway, generation)).toMatchObject([
          { cause: 'UNKNOWN_CAUSE_REPLY_LOST', evidence: { responseStatus: 0 } },
          {
            cause: 'UNKNOWN_CAUSE_UNREADABLE',
            evidence: { responseStatus: 502, responseBody: '<h1>502</h1>', stagingKey: '' },
          },
          {
            cause: 'UNKNOWN_CAUSE_KEY_USED',
            evidence: {
              request: expect.stringMatching(/^POST http.*\/jobs$/),
              responseStatus: 422,
              responseBody: expect.stringContaining('idempotency_key_reuse'),
              stagingKey: '',
            },
          },
        ]);
        await gateway.whenRow('at rest', generation, ({ holder }) => holder === null);
        expect(sent(vendor)).toBe(outage + 2);
      });
    },
    600_000,
  );

  it.concurrent(
    'makes the job by its repeat after the outage, where the first send never arrived',
    async () => {
      const answerTo = (nth: number): VendorReply =>
        nth === 0
          ? { status: 0, cut: 'before' }
          : nth <= 6
            ? badGateway
            : json(201, { id: 'job-1', status: 'queued' });
      await withComfy(answerTo, async (gateway) => {
        const generation = await request(gateway);
        const state = await gateway.when('found', generation, ({ phase }) => phase === 'processing', 240);
        expect(state.attempts).toMatchObject([{ vendorJobId: 'job-1', repeats: 7 }]);
      });
    },
    600_000,
  );

  it.concurrent(
    'tells of the account too: what cannot be read opens its breaker, that the key was used closes it',
    async () => {
      let isBack = false;
      const answerTo = (nth: number): VendorReply => {
        if (nth === 0) return { status: 0, cut: 'before' };
        return isBack ? error(422, 'idempotency_key_reuse') : badGateway;
      };
      const breaker = { breakerInARow: 3, breakerSeconds: { first: 1, longest: 1 } };
      await withComfy(
        answerTo,
        async (gateway) => {
          await request(gateway);
          const whenPaused = async (isPaused: boolean): Promise<object> =>
            until(120, async () => {
              const why = await gateway.pausedBy('comfy-test');
              return (why !== null) === isPaused ? {} : `paused by ${why}`;
            });
          await whenPaused(true);
          isBack = true;
          await whenPaused(false);
        },
        breaker,
      );
    },
    600_000,
  );
});
