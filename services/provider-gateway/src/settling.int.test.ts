import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentAttempt, type GenerationState } from '@darkroom/domain';
import { type RunningSimulator, startSimulator } from '@darkroom/simulator';
import { z } from 'zod';
import { GatewayUnderTest } from './testing/gateway-under-test.js';

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

const isProduced = ({ phase }: GenerationState): boolean => phase === 'storing';
const isUnknown = ({ phase }: GenerationState): boolean => phase === 'unresolved';

describe.each([
  ['lost', { drop_reply: 1 }],
  ['late for ever', { hang: 1 }],
  ['no answer that can be read', { malformed: 1 }],
])('the answer to an accepted submit is %s', (_, submit) => {
  it.concurrent.each(['standard', 'reject'])(
    '%s: looked up and found, one charge',
    async (model) =>
      World.with(async (world) => {
        const { gateway } = world;
        await world.faults({ submit });
        const generation = await gateway.request(model);
        const state = await gateway.when('produced', generation, isProduced, 40);
        expect(state.attempts).toHaveLength(1);
        expect(await gateway.types(generation)).not.toContain('SubmissionRepeated');
        expect(await world.bill()).toEqual({ submits: 1, replays: 0, charges: 1 });
      }),
    60_000,
  );

  it.concurrent(
    'keyed: the same bytes again, the same job, one charge',
    async () =>
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
    90_000,
  );

  it.concurrent.each(['blind', 'inline'])(
    '%s: a question for a person, sent once',
    async (model) =>
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
    90_000,
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
      expect(await world.bill()).toEqual({ submits: 2, replays: 0, charges: 1 });
    }),
  90_000,
);

it.concurrent(
  'keyed: a request that never arrived is made by its repeat',
  async () =>
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
  90_000,
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
  150_000,
);
