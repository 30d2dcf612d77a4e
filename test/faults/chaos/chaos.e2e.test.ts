import { runChaos } from './run-chaos.js';

/** The long form: npm run test:chaos -- --minutes 5 --seed 7 [--bus kafka|postgres]. */
const seconds = Number(process.env['CHAOS_SECONDS'] ?? 80);
const perSecond = Number(process.env['CHAOS_PER_SECOND'] ?? 4);
const seed = Number(process.env['CHAOS_SEED'] ?? 7);
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
        vendor: { submit: { drop_reply: 0.05 } },
        drainSeconds: 60,
        say: (line) => process.stderr.write(`${line}\n`),
      });
      const kills = Object.entries(report.faults)
        .filter(([name]) => !name.startsWith('pause') && !/^(?:down|slow|cut) /.test(name))
        .reduce((sum, [, n]) => sum + n, 0);
      expect(report.findings).toEqual([]);
      expect(report.drainedAfter).not.toBeNull();
      expect(report.acknowledged).toBe(report.requests);
      expect(kills).toBeGreaterThanOrEqual(Math.min(25, seconds / 4));
    },
    (seconds + 420) * 1_000,
  );
});
