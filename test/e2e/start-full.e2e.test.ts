import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTopic } from '@darkroom/event-bus/testing';
import type { ReadyFile } from '@darkroom/local';
import { z } from 'zod';
import { getBytes, getGeneration, isFinal, readLedger, type Resource, tryCreate } from '../faults/client.js';
import { DarkroomProcess, fullLauncher } from '../faults/darkroom-process.js';
import { isAlive } from '../faults/signal.js';
import { until } from '../faults/until.js';

const services = [
  'intake',
  'control-plane',
  'provider-gateway',
  'artifact',
  'projections',
  'relay',
  'simulator',
  'kafka',
  's3',
];

/** What each is looked at for, by the setting of its port. */
const metricsOf: Readonly<Record<string, readonly string[]>> = {
  INTAKE_PORT: ['http_server_request_duration'],
  CONTROL_PLANE_PORT: ['darkroom_attempts_unknown', 'darkroom_database_oldest_transaction'],
  PROVIDER_GATEWAY_HEALTH_PORT: [
    'darkroom_attempts',
    'darkroom_attempt_duration',
    'darkroom_queue_wait',
    'darkroom_provider_limit',
    'darkroom_provider_in_flight',
    'darkroom_generations_stalled',
    'darkroom_consumer_lag',
    'darkroom_consumer_lag_age',
    'darkroom_consumer_parked',
  ],
  ARTIFACT_HEALTH_PORT: [
    'darkroom_generations_ended',
    'darkroom_own_delay',
    'darkroom_generations_stalled',
    'darkroom_consumer_lag',
    'darkroom_consumer_parked',
  ],
  PROJECTIONS_HEALTH_PORT: ['darkroom_consumer_lag', 'darkroom_consumer_lag_age'],
  RELAY_HEALTH_PORT: ['darkroom_relay_lag', 'darkroom_relay_lag_age', 'darkroom_relay_published'],
};

describe('each service a process of its own, on Kafka and S3', () => {
  const darkroom = new DarkroomProcess({ DRAIN_SECONDS: '0' }, fullLauncher);
  let ready: ReadyFile;
  beforeAll(async () => {
    ready = await darkroom.start(90);
  });
  afterAll(() => darkroom.dispose());

  const pidOf = (name: string): number | undefined =>
    darkroom.ready?.processes.find((one) => one.name === name)?.pid;
  const ended = async (key: string): Promise<Resource> => {
    const id = await until('acknowledged', 60, async () =>
      tryCreate(ready, key.replaceAll(' ', '-'), { prompt: `a picture of ${key}`, size: '256x256' }),
    );
    return until('ended', 60, async () => {
      const seen = await getGeneration(ready, id).catch(() => undefined);
      return seen !== undefined && isFinal(seen) ? seen : undefined;
    });
  };
  const expectPicture = async (resource: Resource): Promise<void> => {
    expect([resource.status, resource.artifacts.length]).toEqual(['succeeded', 1]);
    const [artifact] = resource.artifacts;
    const bytes = await getBytes(ready, artifact?.content_url ?? '');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(artifact?.sha256);
  };

  it('says where everything is', () => {
    expect(new Set(ready.processes.map(({ name }) => name))).toEqual(
      new Set([...services, 'launcher', 'postgres', ...(ready.jaeger === undefined ? [] : ['jaeger'])]),
    );
    expect(ready.processes.find(({ name }) => name === 'launcher')?.pid).toBe(darkroom.pid);
    for (const { name, pid } of ready.processes) expect([name, isAlive(pid)]).toEqual([name, true]);
    expect(new Set(ready.processes.map(({ pid }) => pid)).size).toBe(ready.processes.length);
  });

  it('one request: the picture comes from S3, and its events are on the topic without its prompt', async () => {
    const resource = await ended('the first');
    await expectPicture(resource);
    const redirect = await fetch(new URL(resource.artifacts[0]?.content_url ?? '', ready.intake), {
      redirect: 'manual',
    });
    expect(redirect.status).toBe(302);
    expect(new URL(redirect.headers.get('location') ?? '').origin).toBe(ready.s3_endpoint);
    // The relay tells the last event after the reader has seen it.
    const types = await until('the last event on the topic', 20, async () => {
      const records = await readTopic(ready.kafka_brokers ?? '', 'generation.events');
      expect(records.map(({ value }) => value).join('')).not.toContain('a picture of the first');
      const seen = records.map(({ headers }) => headers['ce_type'] ?? '');
      return seen.some((type) => type.includes('GenerationCompleted')) ? seen : undefined;
    });
    expect(types[0]).toContain('GenerationRequested');
  });

  it('every process shows its own metrics', async () => {
    const ports = z
      .record(z.string(), z.int())
      .parse(JSON.parse(readFileSync(join(darkroom.dataDir, 'ports.json'), 'utf8')));
    for (const [port, names] of Object.entries(metricsOf)) {
      const answer = await fetch(`http://127.0.0.1:${ports[port]}/metrics`);
      const shown = [...(await answer.text()).matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? '');
      for (const name of names)
        expect([port, name, shown.some((one) => one.startsWith(name))]).toEqual([port, name, true]);
    }
  });

  it('whatever is killed comes back, says so, and the next request is answered', async () => {
    for (const name of services) {
      const before = pidOf(name);
      expect(before).toBeDefined();
      process.kill(before ?? 0, 'SIGKILL');
      await until(`${name} again`, 60, async () => {
        const now = pidOf(name);
        return now !== undefined && now !== before && isAlive(now) ? now : undefined;
      });
    }
    await expectPicture(await ended('after all were killed'));
    const charged = (await readLedger(ready)).filter(({ charged_micros }) => charged_micros > 0);
    expect(charged.map(({ prompt }) => prompt)).toEqual([
      'a picture of the first',
      'a picture of after all were killed',
    ]);
  }, 480_000);

  it('ends with the launcher, in order and by kill -9', async () => {
    const before = darkroom.ready?.processes ?? [];
    await darkroom.kill();
    const left = () => before.filter(({ pid }) => isAlive(pid)).map(({ name }) => name);
    await until(
      'the end of all',
      30,
      async () => (left().length === 0 ? true : undefined),
      () => left().join(' '),
    );
    ready = await darkroom.start(90);
    await expectPicture(await ended('after a crash of the launcher'));
    const after = darkroom.ready?.processes ?? [];
    await darkroom.stop();
    expect(after.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(existsSync(join(darkroom.dataDir, 'ready.json'))).toBe(false);
  }, 480_000);
});
