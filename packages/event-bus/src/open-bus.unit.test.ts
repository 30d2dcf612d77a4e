import { readSettings } from '@darkroom/platform';
import { busProbe, busSettingNames, busSettings } from './open-bus.js';
import type { ConsumerHealth } from './port.js';

const settingsOf = (env: Record<string, string>) => busSettings(readSettings(busSettingNames, env));

describe('what carries events', () => {
  it('is the log itself where nothing is said, whatever brokers are named for the relay', () => {
    expect(settingsOf({ KAFKA_BROKERS: '127.0.0.1:9092' })).toEqual({ kind: 'postgres' });
  });

  it('is Kafka with its brokers, and refused without', () => {
    expect(settingsOf({ BUS: 'kafka', KAFKA_BROKERS: 'a:9092, b:9092' })).toEqual({
      kind: 'kafka',
      brokers: ['a:9092', 'b:9092'],
    });
    const login = { KAFKA_USERNAME: 'darkroom', KAFKA_PASSWORD: 'hush' };
    expect(settingsOf({ BUS: 'kafka', KAFKA_BROKERS: 'a:9092', KAFKA_SSL: 'true', ...login })).toEqual({
      kind: 'kafka',
      brokers: ['a:9092'],
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: 'darkroom', password: 'hush' },
    });
    expect(() => settingsOf({ BUS: 'kafka', KAFKA_BROKERS: 'a:9092', KAFKA_USERNAME: 'darkroom' })).toThrow(
      'go together',
    );
    expect(() => settingsOf({ BUS: 'kafka', ...login })).toThrow('brokers of your own');
    expect(() => settingsOf({ BUS: 'kafka' })).toThrow('BUS is kafka, and KAFKA_BROKERS is missing');
  });
});

describe('readiness of a consumer', () => {
  const health = (state: ConsumerHealth['state'], lastProgressAt?: number): ConsumerHealth => ({
    group: 'g',
    state,
    pending: 0,
    parkedStreams: 0,
    lag: undefined,
    lastProgressAt: lastProgressAt === undefined ? undefined : new Date(lastProgressAt),
    lastError: undefined,
  });
  let seen: ConsumerHealth | undefined;
  let now = 0;
  const probe = () => busProbe({ health: () => seen }, () => now);

  it.each([
    ['has not begun', undefined],
    ['joins for the first time', health('starting')],
    ['cannot join', health('waiting')],
    ['has not got on for a minute', health('waiting', 100_000)],
  ])('is not there when it %s', async (_, at) => {
    const ask = probe();
    seen = at;
    now = 161_000;
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is there while it gets on, and for a minute after: a broker is restarted', async () => {
    const ask = probe();
    seen = health('waiting', 100_000);
    now = 159_000;
    await expect(ask()).resolves.toBeUndefined();
  });

  it('is there while another member has the lease', async () => {
    now = 0;
    const ask = probe();
    seen = health('standby');
    now = 1_000_000;
    await expect(ask()).resolves.toBeUndefined();
  });
});
