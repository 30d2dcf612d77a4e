import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@darkroom/event-store';
import type { ReadyFile } from '@darkroom/local';
import { startJaeger, type RunningJaeger } from '@darkroom/infra';
import { fromPublicId } from '@darkroom/platform';
import { getGeneration, isFinal, readLedger, setFaults } from '../faults/client.js';
import { DarkroomProcess, fullLauncher } from '../faults/darkroom-process.js';
import { type JaegerSpan, traceAt, traceWith } from '../faults/jaeger.js';
import { accepted, type Caller, caller, ended, post, steps } from '../faults/trace.js';
import { until } from '../faults/until.js';

const hour = 3_600_000;
const movedClock = new URL('../faults/clock-ahead.mjs', import.meta.url).href;

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
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-clock-'));
  const clockFile = join(folder, 'ahead-ms');
  const moveClock = (ms: number): void => writeFileSync(clockFile, String(ms));

  beforeAll(async () => {
    jaeger = await startJaeger();
    moveClock(0);
    const env = {
      BUS: bus,
      DRAIN_SECONDS: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpEndpoint,
      NODE_OPTIONS: `--import ${movedClock}`,
      CLOCK_AHEAD_FILE: clockFile,
      TRACE_URL: `${jaeger.url}/api/v3/traces/{trace_id}`,
    };
    darkroom = new DarkroomProcess(env, fullLauncher);
    ready = await darkroom.start(90);
  });
  afterAll(async () => {
    await darkroom.dispose();
    await jaeger.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const submitIsExported = async ({ traceId }: Caller): Promise<void> => {
    await until('its submit is exported', 20, async () =>
      (await traceAt(jaeger.url, traceId)).some(({ name }) => name === 'submit') ? true : undefined,
    );
  };
  const killGateway = (): void => {
    const pid = darkroom.ready?.processes.find(({ name }) => name === 'provider-gateway')?.pid;
    process.kill(pid ?? 0, 'SIGKILL');
  };

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
  });

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
  });

  it('stays one across a kill -9 of the gateway while the job runs at the vendor', async () => {
    await setFaults(ready, { job: { seconds: [4, 4] } });
    const by = caller();
    const before = (await readLedger(ready)).length;
    const id = await accepted(await post(ready, by, {}));
    await until('submitted', 20, async () => ((await readLedger(ready)).length > before ? true : undefined));
    await submitIsExported(by);
    killGateway();
    expect(await ended(ready, id)).toBe('succeeded');
    const trace = await traceWith(jaeger.url, by.traceId, steps);
    expectOneTree(trace, by);
  });

  it('stays one when the vendor wants the submit again hours later, and shows how long that was', async () => {
    const sql = openDatabase(ready.database_url, { role: 'darkroom_worker', max: 1 });
    try {
      await setFaults(ready, { submit: { status: { 429: 1 }, retry_after: '7200' } });
      const by = caller();
      const id = await accepted(await post(ready, by, { deadline_seconds: 86_400 }));
      const generation = fromPublicId('gen', id) ?? '';
      await until('to be tried again', 20, async () => {
        const [job] =
          await sql`select 1 from read_models.detail_v1 where id = ${generation} and state ->> 'phase' = 'waiting'`;
        return job === undefined ? undefined : true;
      });
      await setFaults(ready, { job: { seconds: [0.2, 0.2] } });
      moveClock(3 * hour);
      await submitIsExported(by);
      // Its timers are not moved with its clock; who comes after it knows of the wait by the log alone.
      killGateway();
      // The clock of the database cannot be moved: what it counts to is, whenever a process has set that by its own clock.
      const moveWaits = async (): Promise<void> => {
        const [gates, jobs] = [sql`gateway.account_gates`, sql`gateway.jobs`];
        await sql`update ${gates} set not_before = not_before - interval '3 hours' where not_before > now()`;
        await sql`update ${jobs} set due_at = due_at - interval '3 hours' where due_at > now() + interval '1 minute'`;
      };
      const answer = await until('an end', 40, async () => {
        await moveWaits();
        const seen = await getGeneration(ready, id);
        return isFinal(seen) ? seen.status : undefined;
      });
      expect(answer).toBe('succeeded');
      const trace = await traceWith(jaeger.url, by.traceId, steps);
      expectOneTree(trace, by);
      expect(trace.filter(({ name }) => name === 'submit')).toHaveLength(2);
      const waits = trace.filter(({ name }) => name === 'queue wait').map(({ lasted }) => lasted);
      expect(Math.max(...waits)).toBeGreaterThan(2.9 * hour);
    } finally {
      moveClock(0);
      await sql.end();
    }
  });
});
