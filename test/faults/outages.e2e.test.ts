import { setTimeout as delay } from 'node:timers/promises';
import { getGeneration, isFinal, setFaults, tryCreate } from './client.js';
import { ChaosWorld } from './chaos/chaos-world.js';
import { Clients } from './chaos/clients.js';
import { judgeRun } from './chaos/judge-run.js';
import { endsOf, settled } from './chaos/run-chaos.js';
import { until } from './until.js';

/** The long form: OUTAGE_SECONDS=30 npm test -- test/faults/outages. */
const outageSeconds = Number(process.env['OUTAGE_SECONDS'] ?? 10);
const restSeconds = 5;
/** Other tests have the machine too: how long it took is printed, and what it must not take is without end. */
const drainSeconds = 240;

describe('under load', () => {
  it(
    'Postgres restarted, Kafka killed and away, S3 overloaded: each answer is a 202 that holds or a 503 with Retry-After, and all catches up',
    async () => {
      const world = await ChaosWorld.start({ transport: 'kafka' });
      try {
        await setFaults(world.target, { job: { seconds: [0.3, 1] } });
        const clients = new Clients(() => world.target);
        // An answer that is neither fails the load itself.
        const load = clients.run({
          seed: 3,
          perSecond: 4,
          seconds: 2 * outageSeconds + 4 * restSeconds,
          label: 'outage',
          readers: 2,
        });
        await delay(restSeconds * 1_000);
        const before = world.postgres.pid;
        // As an operator restarts it: sessions are ended, and nobody is waited for.
        process.kill(before, 'SIGINT');
        await until('Postgres again', 30, async () => (world.postgres.pid === before ? undefined : true));
        await delay(restSeconds * 1_000);
        await world.restart('kafka', { seconds: outageSeconds });
        await delay(restSeconds * 1_000);
        world.s3Front.isOverloaded = true;
        await delay(outageSeconds * 1_000);
        world.s3Front.isOverloaded = false;
        const lastFault = performance.now();
        await load;
        const { seen, open } = await endsOf(clients, drainSeconds);
        const drainedAfter = (performance.now() - lastFault) / 1_000;
        const evidence = await settled(world, clients, seen);
        // What the bus brings comes sooner than the sweep, which looks for what it passed over after a minute.
        const after = await tryCreate(world.target, 'after', { prompt: 'a calm' });
        await until(
          'one more',
          15,
          async () => isFinal(await getGeneration(world.target, after ?? '')) || undefined,
        );
        const tries = clients.requests.flatMap((request) => request.tries.map(({ outcome }) => outcome));
        const refused = tries.filter((outcome) => outcome === 'refused').length;
        process.stderr.write(
          `${clients.requests.length} requests, ${refused} tries refused for a while, S3 refused ${world.s3Front.refused}, all ended ${drainedAfter.toFixed(1)} s after the last outage\n`,
        );
        expect(tries).not.toContain('unknown');
        expect(world.s3Front.refused).toBeGreaterThan(0);
        expect(open).toBe(0);
        expect(judgeRun(evidence)).toEqual([]);
        // Canceled by their clients; processing: an unknown outcome that waits for a person.
        const inOrder = new Set(['succeeded', 'canceled', 'processing']);
        expect([...seen.values()].filter(({ status }) => !inOrder.has(status))).toEqual([]);
      } finally {
        await world.stop();
      }
    },
    (2 * outageSeconds + drainSeconds + 400) * 1_000,
  );
});
