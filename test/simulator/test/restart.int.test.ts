import { appendFileSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { outputsOf, SimulatorUnderTest } from './simulator-under-test.js';

/**
 * What a killed process leaves is what it had written. So the first simulator is never stopped here: a second one
 * opens the same folder beside it, at once after an answer, and must know everything that was answered.
 */
const first = new SimulatorUnderTest();
const second = new SimulatorUnderTest();
beforeAll(() => {
  rmSync(second.dataDir, { recursive: true });
  Object.assign(second, { dataDir: first.dataDir });
});
beforeEach(() => first.start());
afterEach(async () => {
  await second.stop();
  await first.stop();
});
afterAll(() => first.remove());

describe('after the death of the process', () => {
  it('faults, ledger, keys and references are there', async () => {
    await first.faults({ seed: 77, submit: { status: { 429: 0 } } });
    const keyed = await first.submit({ model: 'keyed' }, { 'idempotency-key': 'k' });
    await first.submit({ model: 'reject', reference: 'r' });
    await second.start();
    expect(await second.ledger()).toEqual(await first.ledger());
    expect(await second.call('GET', '/admin/faults')).toMatchObject({ body: { seed: 77 } });
    expect(await second.submit({ model: 'keyed' }, { 'idempotency-key': 'k' })).toMatchObject({
      body: keyed.body,
    });
    expect(await second.submit({ model: 'reject', reference: 'r' })).toMatchObject({ status: 409 });
    expect((await second.call('GET', '/v1/jobs?reference=r')).body['data']).toHaveLength(1);
  });

  it('a running job goes on, and gives the same picture', async () => {
    await first.faults({ job: { seconds: [0.6, 0.6] } });
    const { body } = await first.submit();
    await second.start();
    expect(await second.call('GET', `/v1/jobs/${String(body['id'])}`)).not.toMatchObject({
      body: { status: 'succeeded' },
    });
    const before = outputsOf(await first.jobWith(body['id'], 'succeeded'))[0];
    const after = outputsOf(await second.jobWith(body['id'], 'succeeded'))[0];
    expect(after?.sha256).toBe(before?.sha256);
    // A link given out before the restart still opens.
    const link = new URL(before?.url ?? '');
    const again = await fetch(new URL(link.pathname + link.search, second.url));
    expect(again.status).toBe(200);
  });

  it('a cancelled job stays cancelled', async () => {
    await first.faults({ job: { seconds: [60, 60] } });
    const { body } = await first.submit();
    await first.call('POST', `/v1/jobs/${String(body['id'])}/cancel`);
    await second.start();
    expect(await second.call('GET', `/v1/jobs/${String(body['id'])}`)).toMatchObject({
      body: { status: 'canceled' },
    });
  });

  it('an inline submit that was being worked on is charged, its reply dropped', async () => {
    await first.faults({ job: { seconds: [1, 1] } });
    const pending = first.submit({ model: 'inline', prompt: 'cut short' });
    await first.lastLine();
    for (let line = await first.lastLine(); line['prompt'] !== 'cut short'; line = await first.lastLine());
    await second.start();
    expect(await second.lastLine()).toMatchObject({
      model: 'inline',
      accepted: true,
      reply: 'dropped',
      charged_micros: 40_000,
    });
    expect(await pending).toMatchObject({ status: 200 });
    expect(await first.lastLine()).toMatchObject({ reply: 'sent' });
  });

  it('a line that was cut in half is dropped, and the next one is whole', async () => {
    await first.faults({});
    await first.submit();
    const lines = await first.ledger();
    await first.stop();
    const journal = join(first.dataDir, 'journal.ndjson');
    const whole = readFileSync(journal).length;
    appendFileSync(journal, '{"kind":"submit","line":{"seq":');
    await second.start();
    expect(await second.ledger()).toEqual(lines);
    expect(readFileSync(journal).length).toBe(whole);
    await second.submit();
    await second.stop();
    await second.start();
    expect(await second.ledger()).toHaveLength(lines.length + 1);
    truncateSync(journal, 0);
    await first.start();
  });
});

describe('under load', () => {
  it('takes 300 submits, 30 at once, and loses no line', async () => {
    const load = new SimulatorUnderTest();
    try {
      await load.start();
      for (let batch = 0; batch < 10; batch++) {
        await Promise.all(
          Array.from({ length: 30 }, (_, nth) => load.submit({ reference: `load-${batch}-${nth}` })),
        );
      }
      const lines = await load.ledger();
      expect(lines.map((line) => line['seq'])).toEqual(Array.from({ length: 300 }, (_, nth) => nth + 1));
      expect(new Set(lines.map((line) => line['job_id'])).size).toBe(300);
    } finally {
      await load.remove();
    }
  });
});
