import { OtlpReceiver } from '@darkroom/platform/testing';
import { readLedger, setFaults } from '../faults/client.js';
import { serviceNames } from '../faults/own-process.js';
import { ServiceWorld } from '../faults/service-world.js';
import { accepted, caller, ended, heardToTheEnd, post, traceOf } from '../faults/trace.js';
import { until } from '../faults/until.js';

let collector: OtlpReceiver;
let world: ServiceWorld;
beforeAll(async () => {
  collector = await OtlpReceiver.start();
  world = await ServiceWorld.create();
});
afterAll(async () => {
  await world.dispose();
  await collector.stop();
});

it('the trace of a generation is one over all processes, also where one of them is killed in the midst of it', async () => {
  const telemetry = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const intake = await world.start('intake', telemetry);
  const settings = { ...telemetry, PUBLIC_URL: intake.url };
  const others = await Promise.all(
    serviceNames.filter((name) => name !== 'intake').map(async (name) => world.start(name, settings)),
  );
  const target = world.target(intake);
  await setFaults(target, { job: { seconds: [3, 3] } });
  const by = caller();
  const id = await accepted(await post(target, by, { count: 4 }));
  await until('a submit', 20, async () => ((await readLedger(target)).length > 0 ? true : undefined));
  const gateway = others.find(({ service }) => service === 'provider-gateway');
  await gateway?.kill();
  const again = await world.start('provider-gateway', settings);
  expect(await ended(target, id)).toBe('succeeded');
  await heardToTheEnd(collector, by);
  for (const service of [intake, again, ...others]) service.signal('SIGTERM');
  for (const service of [intake, again, ...others]) await service.ended(20);

  const trace = traceOf(collector, by, id);
  expect(new Set(trace.map(({ service }) => service))).toEqual(
    new Set(['intake', 'provider-gateway', 'artifact', 'projections']),
  );
  expect(trace.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'POST /v1/generations',
      'append',
      'attempt',
      'storing',
      'process GenerationCompleted',
    ]),
  );
  expect(trace.filter(({ name }) => name === 'put output')).toHaveLength(4);
});
