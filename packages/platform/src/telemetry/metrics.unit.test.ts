import { createLogger } from '../logging/logger.js';
import { count, counters, gauges, histograms, measure, watchGauge, watchLag } from './metrics.js';
import { metricsText, startMetrics } from './start-metrics.js';

const logger = createLogger({ service: 'test', level: 'silent' });
const linesOf = async (name: string): Promise<string[]> =>
  ((await metricsText()) ?? '').split('\n').filter((line) => line.startsWith(name));

describe('metrics', () => {
  it('cost nothing before they are started', async () => {
    count('attempts', { account: 'early' });
    measure('queueWait', 1);
    watchGauge('limit', async () => [{ value: 1 }])();
    expect(await metricsText()).toBeUndefined();
  });

  describe('once they are started', () => {
    beforeAll(() => startMetrics('test', logger));

    it('are counted, by label', async () => {
      count('attempts', { account: 'sim', outcome: 'OutputsProduced' });
      count('attempts', { account: 'sim', outcome: 'OutputsProduced' }, 2);
      count('attempts', { account: 'sim', outcome: 'AttemptFailed' });
      expect(await linesOf('darkroom_attempts_total')).toEqual([
        'darkroom_attempts_total{account="sim",outcome="OutputsProduced"} 3',
        'darkroom_attempts_total{account="sim",outcome="AttemptFailed"} 1',
      ]);
    });

    it('are measured in seconds, from milliseconds to hours; clocks that differ make no negative ones', async () => {
      measure('queueWait', 0.004);
      measure('queueWait', 3_600);
      measure('queueWait', -5);
      const lines = await linesOf('darkroom_queue_wait_seconds');
      expect(lines).toContain('darkroom_queue_wait_seconds_bucket{le="0.005"} 2');
      expect(lines).toContain('darkroom_queue_wait_seconds_bucket{le="7200"} 3');
      expect(lines).toContain('darkroom_queue_wait_seconds_sum 3600.004');
    });

    it('are looked at when somebody asks; what cannot be seen is not there, and keeps nobody else from being seen', async () => {
      let slots = 7;
      const end = watchGauge('limit', async () => [{ value: slots, labels: { account: 'sim' } }]);
      let isAway = false;
      const endOther = watchGauge('inFlight', async () => {
        if (isAway) throw new Error('away');
        return [{ value: 3, labels: { account: 'sim' } }];
      });
      const lines = async (): Promise<string[]> => (await linesOf('darkroom_provider')).toSorted();
      expect(await lines()).toEqual([
        'darkroom_provider_in_flight{account="sim"} 3',
        'darkroom_provider_limit{account="sim"} 7',
      ]);
      slots = 9;
      isAway = true;
      expect(await lines()).toEqual([
        'darkroom_provider_in_flight{account="sim"} NaN',
        'darkroom_provider_limit{account="sim"} 9',
      ]);
      end();
      endOther();
    });

    it('that hang show NaN, and are not asked again while they do', async () => {
      let looks = 0;
      const answers = [Promise.resolve([{ value: 1 }]), new Promise<never>(() => undefined)];
      const end = watchGauge('relayLag', () => answers[looks++] ?? Promise.reject(new Error('asked again')));
      const lines = (): Promise<string[]> => linesOf('darkroom_relay_lag');
      expect(await lines()).toEqual(['darkroom_relay_lag 1']);
      expect(await lines()).toEqual(['darkroom_relay_lag NaN']);
      expect(await lines()).toEqual(['darkroom_relay_lag NaN']);
      expect(looks).toBe(2);
      end();
    });

    it('of a lag are seen by one look', async () => {
      let looks = 0;
      const end = watchLag('consumer', async () => ({ events: (looks += 1), ageSeconds: 7 }), { group: 'g' });
      expect((await linesOf('darkroom_consumer_lag')).toSorted()).toEqual([
        'darkroom_consumer_lag_age_seconds{group="g"} 7',
        'darkroom_consumer_lag{group="g"} 1',
      ]);
      expect(looks).toBe(1);
      end();
    });
  });

  it('have names of their own, and each says what it is', () => {
    const all = [...Object.values(counters), ...Object.values(histograms), ...Object.values(gauges)];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { description } of all) expect(description).toMatch(/\.$/);
  });
});
