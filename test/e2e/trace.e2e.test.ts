import { OtlpReceiver, type ReceivedSpan } from '@darkroom/platform/testing';
import { readLedger, setFaults } from '../faults/client.js';
import { DarkroomProcess } from '../faults/darkroom-process.js';
import { accepted, caller, ended, heardToTheEnd, post, steps, traceOf } from '../faults/trace.js';
import { until } from '../faults/until.js';

let collector: OtlpReceiver;
let darkroom: DarkroomProcess;

beforeEach(async () => {
  collector = await OtlpReceiver.start();
  darkroom = new DarkroomProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
});
afterEach(async () => {
  await darkroom.dispose();
  await collector.stop();
});

const ms = ({ startTimeUnixNano, endTimeUnixNano }: ReceivedSpan): number =>
  Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6;

describe('the trace of a generation', () => {
  it('is one, from the request to its projections, below the span of whoever asked', async () => {
    const ready = await darkroom.start();
    await setFaults(ready, { job: { seconds: [1.5, 1.5] } });
    const by = caller();
    const id = await accepted(await post(ready, by, {}));
    expect(await ended(ready, id)).toBe('succeeded');
    await heardToTheEnd(collector, by);
    await darkroom.stop();

    const trace = traceOf(collector, by, id);
    const names = new Set(trace.map(({ name }) => name));
    for (const name of [...steps, 'poll vendor']) expect(names).toContain(name);
    const named = (name: string): ReceivedSpan[] => trace.filter((span) => span.name === name);
    const [served] = named('POST /v1/generations');
    const [append] = named('append');
    expect(served?.parentSpanId).toBe(by.spanId);
    expect(append?.parentSpanId).toBe(served?.spanId);
    // The gateway and the read models heard of the request, in the context in which it was written, each by a look at the log.
    const heard = named('process GenerationRequested');
    expect(new Set(heard.map(({ attributes }) => attributes['messaging.consumer.group.name'])).size).toBe(2);
    const polls = collector.spans.filter(({ name }) => /^poll (?!vendor)/.test(name));
    for (const { parentSpanId, links } of heard) {
      expect(parentSpanId).toBe(append?.spanId);
      expect(polls.map(({ spanId }) => spanId)).toContain(links[0]?.spanId);
    }
    expect(polls.every(({ traceId, parentSpanId }) => traceId !== by.traceId && !parentSpanId)).toBe(true);
    const [attempt] = named('attempt');
    expect(attempt && ms(attempt)).toBeGreaterThan(1_400);
    expect(attempt && ms(attempt)).toBeLessThan(20_000);
    expect(collector.bodies.join()).not.toContain('a lantern');
  });

  it('stays one and within bounds with eight images, lost answers and webhooks', async () => {
    const ready = await darkroom.start();
    await setFaults(ready, {
      submit: { drop_reply: 1 },
      webhook: { send: 1, duplicate: 1 },
      job: { seconds: [3, 3] },
    });
    const by = caller();
    const id = await accepted(await post(ready, by, { count: 8 }));
    expect(await ended(ready, id)).toBe('succeeded');
    await heardToTheEnd(collector, by);
    await darkroom.stop();
    const trace = traceOf(collector, by, id);
    expect(trace.filter(({ name }) => name === 'put output')).toHaveLength(8);
    expect(trace.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['settle', 'attempt', 'storing', 'process GenerationCompleted']),
    );
  });

  it.each([
    ['while a job runs at the vendor', {}],
    ['while its client waits for the end', { prefer: 'wait=30' }],
  ])('stays whole across kill -9 %s', async (_, headers) => {
    let ready = await darkroom.start();
    await setFaults(ready, { job: { seconds: [3, 3] } });
    const by = caller();
    const answer = post(ready, by, {}, headers).catch(() => undefined);
    await until('it was sent', 20, async () => ((await readLedger(ready)).length > 0 ? true : undefined));
    await until('its request is exported', 10, async () =>
      collector.spans.some(({ name, traceId }) => name === 'append' && traceId === by.traceId)
        ? true
        : undefined,
    );
    await darkroom.kill();
    await answer;
    ready = await darkroom.start();
    const id = await accepted(await post(ready, { ...by, traceId: caller().traceId }, {}));
    expect(await ended(ready, id)).toBe('succeeded');
    await heardToTheEnd(collector, by);
    await darkroom.stop();
    const trace = traceOf(collector, by, id);
    expect(trace.map(({ name }) => name)).toEqual(expect.arrayContaining(['attempt', 'storing']));
  });

  it('costs no time where the collector takes everything and answers nothing', async () => {
    collector.mood = 'hang';
    const ready = await darkroom.start();
    const took: number[] = [];
    const ids: string[] = [];
    for (let n = 0; n < 40; n += 1) {
      const asked = performance.now();
      ids.push(await accepted(await post(ready, caller(), {})));
      took.push(performance.now() - asked);
    }
    // A request that waited for the collector would take the exporter's five seconds.
    expect(Math.max(...took)).toBeLessThan(4_500);
    for (const id of ids) expect(await ended(ready, id)).toBe('succeeded');
    expect(collector.paths.length).toBeGreaterThan(0);
    const stopping = performance.now();
    await darkroom.stop();
    expect(performance.now() - stopping).toBeLessThan(15_000);
    expect(darkroom.logged.filter((line) => line.includes('spans are lost'))).toHaveLength(1);
  });

  it('ends with its run: what a person orders is a trace of its own, linked to the old one', async () => {
    const ready = await darkroom.start();
    await setFaults(ready, { job: { fail: 1 } });
    const by = caller();
    const id = await accepted(await post(ready, by, {}));
    expect(await ended(ready, id)).toBe('failed');
    await setFaults(ready, {});
    const operator = caller();
    const ops = async (path: string, body?: object): Promise<Response> =>
      fetch(`${ready.control_plane}/ops/v1/generations/${id}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${ready.operator_key}`,
          'content-type': 'application/json',
          traceparent: `00-${operator.traceId}-${operator.spanId}-01`,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const { data } = (await (await ops('')).json()) as { data: { decision_version: number } };
    const order = {
      reason: 'once more',
      expected_version: data.decision_version,
      accept_double_charge: true,
    };
    expect((await ops('/retry', order)).status).toBe(202);
    expect(await ended(ready, id)).toBe('succeeded');
    await darkroom.stop();
    const names = (traceId: string): string[] =>
      collector.spans.filter((span) => span.traceId === traceId).map(({ name }) => name);
    expect(names(by.traceId)).not.toContain('put output');
    expect(names(operator.traceId)).toEqual(
      expect.arrayContaining(['submit', 'attempt', 'put output', 'storing']),
    );
    const ordered = collector.spans.find(({ name }) => name.startsWith('POST ') && name.endsWith('/retry'));
    expect(ordered?.parentSpanId).toBe(operator.spanId);
    expect(ordered?.links.map(({ traceId }) => traceId)).toEqual([by.traceId]);
  });
});
