import { setTimeout as delay } from 'node:timers/promises';
import { DarkroomProcess } from './darkroom-process.js';
import { getGeneration, isFinal, isSettled, readLedger, setFaults, type Resource } from './client.js';
import { judgeCharges, judgeEnds, judgePictures } from './judge.js';
import { createSteadily } from './load.js';
import { until } from './until.js';

/** Seconds of load; the long form is KILL_LOAD_SECONDS=60 KILL_EVERY_SECONDS=10 npm test -- kill-nine. */
const seconds = Number(process.env.KILL_LOAD_SECONDS ?? 24);
const killEvery = Number(process.env.KILL_EVERY_SECONDS ?? 8);
const perSecond = Number(process.env.KILL_LOAD_PER_SECOND ?? 8);

describe('kill -9 of the whole process, again and again, while the vendor loses one answer in ten', () => {
  const darkroom = new DarkroomProcess();
  afterAll(() => darkroom.dispose());

  it(
    'loses nothing that was acknowledged, and charges nothing twice',
    async () => {
      let ready = await darkroom.start();
      await setFaults(ready, { submit: { drop_reply: 0.1 }, seed: 7 });
      const load = createSteadily(() => ready, { perSecond, seconds, label: `kill-${process.pid}` });
      let kills = 0;
      for (let at = killEvery; at < seconds; at += killEvery) {
        await delay(killEvery * 1000);
        await darkroom.kill();
        kills += 1;
        ready = await darkroom.start();
      }
      const history = await load;
      await setFaults(ready, {});

      const resources = new Map<string, Resource>();
      await until(
        'every generation settled',
        60,
        async () => {
          for (const { id } of history) {
            if (id === undefined || (resources.has(id) && isFinal(resources.get(id)!))) continue;
            resources.set(id, await getGeneration(ready, id));
          }
          return [...resources.values()].every(isSettled) ? true : undefined;
        },
        () =>
          JSON.stringify(
            [...resources.values()]
              .filter((resource) => !isSettled(resource))
              .slice(0, 5)
              .map(({ id, model, status, status_reason }) => ({ id, model, status, status_reason })),
          ),
      );

      const ledger = await readLedger(ready);
      const findings = [...judgeCharges(history, ledger, true), ...judgeEnds(history, resources, ledger)];
      for (const resource of resources.values()) findings.push(...(await judgePictures(ready, resource)));
      const ends = new Map<string, number>();
      for (const { model, status, status_reason, error } of resources.values()) {
        const end = `${model} ${status}${status_reason ? ` (${status_reason.code})` : ''}${error ? ` (${error.code})` : ''}`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
      process.stderr.write(
        `${kills} kills, ${history.length} requests, ${ledger.length} submits at the vendor; ends: ${JSON.stringify(Object.fromEntries(ends))}\n`,
      );
      expect(findings).toEqual([]);
      expect(ledger.some((line) => line.charged_micros > 0)).toBe(true);
    },
    (seconds + 240) * 1000,
  );
});
