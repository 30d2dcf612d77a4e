import { runChaos } from './run-chaos.js';

/** The long form: npm run test:chaos -- --minutes 5 --seed 7 [--bus kafka|postgres] [--per-second 34] [--drain-seconds 600]. */
const seconds = Number(process.env['CHAOS_SECONDS'] ?? 90);
const perSecond = Number(process.env['CHAOS_PER_SECOND'] ?? 4);
const seed = Number(process.env['CHAOS_SEED'] ?? 7);
/** In the short form other tests have the machine too: what it must not take is without end. */
const drainSeconds = Number(
  process.env['CHAOS_DRAIN_SECONDS'] ?? (process.env['CHAOS_SECONDS'] === undefined ? 300 : 60),
);
const wanted = (process.env['CHAOS_BUS'] ?? 'kafka,postgres').split(',');
const transports = (['kafka', 'postgres'] as const).filter((transport) => wanted.includes(transport));

describe('all processes, servers and links, broken again and again under load', () => {
  it.each(transports)(
    'on %s: nothing is lost, nothing is paid twice, and all comes to its end',
    async (transport) => {
      const report = await runChaos({
        transport,
        seed,
        seconds,
        perSecond,
        everySeconds: 2,
        vendor: {
          submit: { drop_reply: 0.05 },
          webhook: { send: 0.5, duplicate: 0.2, early: 0.2, forge: 0.1, delay_seconds: 0.5 },
        },
        drainSeconds,
        say: (line) => process.stderr.write(`${line}\n`),
      });
      const kills = Object.entries(report.faults)
        .filter(([name]) => name.startsWith('kill '))
        .reduce((sum, [, n]) => sum + n, 0);
      expect(report.findings).toEqual([]);
      // This vendor fails no job: a failure would be of our making.
      expect(report.failed).toEqual([]);
      expect(report.drainedAfter ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(drainSeconds);
      expect(report.cancels).toBeGreaterThan(0);
      expect(report.webhooks).toBeGreaterThan(0);
      expect(report.acknowledged).toBe(report.requests);
      expect(kills).toBeGreaterThanOrEqual(Math.min(30, seconds / 3));
    },
    (seconds + drainSeconds + 300) * 1_000,
  );
});
