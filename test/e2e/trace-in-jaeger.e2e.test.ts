import type { ReadyFile } from '@darkroom/local';
import { startJaeger, type RunningJaeger } from '@darkroom/infra';
import { readLedger, setFaults } from '../faults/client.js';
import { DarkroomProcess, fullLauncher } from '../faults/darkroom-process.js';
import { type JaegerSpan, traceAt, traceWith } from '../faults/jaeger.js';
import { accepted, type Caller, caller, ended, post, steps } from '../faults/trace.js';
import { until } from '../faults/until.js';

/** One tree below the caller's span: nothing hangs in the air, and it is bounded. */
function expectOneTree(trace: readonly JaegerSpan[], { spanId }: Caller): void {
  const known = new Set([spanId, ...trace.map((span) => span.spanId)]);
  const inTheAir = trace.filter(({ parentSpanId }) => !known.has(parentSpanId ?? ''));
  expect(inTheAir.map(({ service, name }) => `${service}: ${name}`)).toEqual([]);
  expect(trace.length).toBeLessThanOrEqual(60);
}

describe.each(['kafka', 'postgres'] as const)('the trace of a generation in Jaeger, on %s', (bus) => {
  let jaeger: RunningJaeger;
  let darkroom: DarkroomProcess;
  let ready: ReadyFile;

  beforeAll(async () => {
    jaeger = await startJaeger();
    const env = {
      BUS: bus,
      DRAIN_SECONDS: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpEndpoint,
      TRACE_URL: `${jaeger.url}/api/v3/traces/{trace_id}`,
    };
    darkroom = new DarkroomProcess(env, fullLauncher);
    ready = await darkroom.start(90);
  }, 120_000);
  afterAll(async () => {
    await darkroom.dispose();
    await jaeger.stop();
  }, 60_000);

  const sends = bus === 'kafka' ? ['publish GenerationRequested', 'publish GenerationCompleted'] : [];

  it('is one, below the span of whoever asked, through every service', async () => {
    await setFaults(ready, { job: { seconds: [1.5, 1.5] } });
    const by = caller();
    const id = await accepted(await post(ready, by, {}));
    expect(await ended(ready, id)).toBe('succeeded');
    const trace = await traceWith(jaeger.url, by.traceId, [...steps, 'poll vendor', ...sends]);
    expectOneTree(trace, by);
    const services = [
      'intake',
      'provider-gateway',
      'artifact',
      'projections',
      ...(bus === 'kafka' ? ['relay'] : []),
    ];
    expect(new Set(trace.map(({ service }) => service))).toEqual(new Set(services));
    const attempt = trace.find(({ name }) => name === 'attempt');
    expect(attempt?.lasted).toBeGreaterThan(1_400);
    const heard = trace.filter(({ name }) => name.startsWith('process '));
    const system = bus === 'kafka' ? 'kafka' : 'darkroom';
    expect(new Set(heard.map(({ attributes }) => attributes['messaging.system']))).toEqual(new Set([system]));

    // Whoever looks at the generation is led there.
    const shown = await fetch(`${ready.intake}/v1/generations/${id}`, {
      headers: { authorization: `Bearer ${ready.demo_key}` },
    });
    const { data } = (await shown.json()) as { data: { trace_id: string; links: { trace: string } } };
    expect(data.trace_id).toBe(by.traceId);
    expect((await fetch(data.links.trace)).status).toBe(200);
  }, 90_000);

  it('has the settling of a submit whose answer was lost', async () => {
    await setFaults(ready, { submit: { drop_reply: 1 }, job: { seconds: [0.2, 0.2] } });
    const by = caller();
    const before = (await readLedger(ready)).length;
    const id = await accepted(await post(ready, by, {}));
    await until('submitted', 20, async () => ((await readLedger(ready)).length > before ? true : undefined));
    await setFaults(ready, {});
    expect(await ended(ready, id)).toBe('succeeded');
    const trace = await traceWith(jaeger.url, by.traceId, ['submit', 'settle', 'attempt', 'storing']);
    expectOneTree(trace, by);
    expect((await readLedger(ready)).length).toBe(before + 1);
  }, 120_000);

  it('stays one across a kill -9 of the gateway while the job runs at the vendor', async () => {
    await setFaults(ready, { job: { seconds: [4, 4] } });
    const by = caller();
    const before = (await readLedger(ready)).length;
    const id = await accepted(await post(ready, by, {}));
    await until('submitted', 20, async () => ((await readLedger(ready)).length > before ? true : undefined));
    await until('its submit is exported', 20, async () =>
      (await traceAt(jaeger.url, by.traceId)).some(({ name }) => name === 'submit') ? true : undefined,
    );
    const pid = darkroom.ready?.processes.find(({ name }) => name === 'provider-gateway')?.pid;
    process.kill(pid ?? 0, 'SIGKILL');
    expect(await ended(ready, id)).toBe('succeeded');
    const trace = await traceWith(jaeger.url, by.traceId, steps);
    expectOneTree(trace, by);
  }, 120_000);
});
