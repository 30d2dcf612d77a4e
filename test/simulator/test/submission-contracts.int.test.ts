import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { outputsOf, SimulatorUnderTest } from './simulator-under-test.js';

const simulator = new SimulatorUnderTest();
beforeAll(() => simulator.start());
beforeEach(() => simulator.faults({}));
afterAll(() => simulator.remove());

describe('a submit', () => {
  it.each(['standard', 'keyed', 'reject', 'blind'])(
    'of %s is accepted, and charged at acceptance',
    async (model) => {
      const answer = await simulator.submit({ model, count: 3, reference: `first-${model}` });
      expect(answer).toMatchObject({ status: 201, body: { id: expect.any(String), status: 'queued' } });
      expect(answer.body['queue_position']).toEqual(expect.any(Number));
      expect(await simulator.lastLine()).toEqual({
        seq: expect.any(Number),
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        model,
        prompt: 'a boat',
        reference: `first-${model}`,
        key: null,
        job_id: answer.body['id'],
        accepted: true,
        replay: false,
        reply: 'sent',
        charged_micros: 120_000,
      });
    },
  );

  it('of inline is answered with the images, after the work', async () => {
    await simulator.faults({ job: { seconds: [0.3, 0.3] } });
    const started = Date.now();
    const answer = await simulator.submit({ model: 'inline', count: 2 });
    expect(Date.now() - started).toBeGreaterThanOrEqual(295);
    expect(answer).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    const outputs = answer.body['outputs'];
    expect(outputs).toHaveLength(2);
    for (const output of Array.isArray(outputs) ? outputs : []) {
      const bytes = Buffer.from(String(output.b64), 'base64');
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(output.sha256);
      expect(bytes.length).toBe(output.bytes);
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 64 });
    }
    expect(await simulator.lastLine()).toMatchObject({
      model: 'inline',
      accepted: true,
      reply: 'sent',
      charged_micros: 80_000,
    });
  });

  it('of inline is in the books, with what its pictures hash to, and its customers are shown none', async () => {
    const { body } = await simulator.submit({ model: 'inline', count: 2 });
    const { job_id } = await simulator.lastLine();
    expect((await simulator.call('GET', `/admin/jobs/${String(job_id)}`)).body).toEqual({
      id: job_id,
      model: 'inline',
      status: 'succeeded',
      sha256s: outputsOf(body).map(({ sha256 }) => sha256),
    });
    expect((await simulator.call('GET', `/v1/jobs/${String(job_id)}`)).status).toBe(404);
    expect((await simulator.call('GET', '/admin/jobs/nobody')).status).toBe(404);
  });

  it('without a key is refused with 401 in the envelope', async () => {
    const answer = await simulator.submit({}, { authorization: '' });
    expect(answer).toMatchObject({
      status: 401,
      body: { error: { code: 'unauthorized', message: expect.any(String) } },
    });
    expect(await simulator.lastLine()).toMatchObject({
      accepted: false,
      replay: false,
      job_id: null,
      charged_micros: 0,
    });
  });

  it.each([
    ['a prompt that is empty', { prompt: ' ' }, 422],
    ['a prompt of 4001', { prompt: 'x'.repeat(4_001) }, 422],
    ['a width of 63', { width: 63 }, 422],
    ['a height of 4097', { height: 4_097 }, 422],
    ['a count of 9', { count: 9 }, 422],
    ['a seed of 2^32', { seed: 2 ** 32 }, 422],
    ['a format of gif', { format: 'gif' }, 422],
    ['an unknown model', { model: 'constructor' }, 422],
    ['reject without reference', { model: 'reject' }, 422],
  ])('with %s is refused, free', async (_name, change, status) => {
    expect(await simulator.submit(change)).toMatchObject({
      status,
      body: { error: { code: expect.any(String) } },
    });
    expect(await simulator.lastLine()).toMatchObject({ accepted: false, job_id: null, charged_micros: 0 });
  });

  it.each([
    ['no JSON', '{"model":', 'application/json', 400],
    ['a list', '[]', 'application/json', 422],
    ['another type', '{}', 'text/plain', 415],
    ['300 kB', `"${'x'.repeat(300_000)}"`, 'application/json', 413],
  ])('of %s is refused, and in the ledger', async (_name, body, type, status) => {
    const before = (await simulator.ledger()).length;
    expect(await simulator.call('POST', '/v1/jobs', body, { 'content-type': type })).toMatchObject({
      status,
      body: { error: { code: expect.any(String) } },
    });
    expect(await simulator.ledger()).toHaveLength(before + 1);
  });
});

describe('a second submit with the same name', () => {
  it('of standard is a second job', async () => {
    const first = await simulator.submit({ reference: 'twice' }, { 'idempotency-key': 'ignored' });
    const second = await simulator.submit({ reference: 'twice' }, { 'idempotency-key': 'ignored' });
    expect(second.body['id']).not.toBe(first.body['id']);
    const listed = await simulator.call('GET', '/v1/jobs?reference=twice');
    expect(listed.body['data']).toHaveLength(2);
  });

  it('of keyed is a replay', async () => {
    const first = await simulator.submit({ model: 'keyed' }, { 'idempotency-key': 'k1' });
    const again = await simulator.submit({ model: 'keyed' }, { 'idempotency-key': 'k1' });
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(await simulator.lastLine()).toMatchObject({
      key: 'k1',
      job_id: first.body['id'],
      accepted: false,
      replay: true,
      charged_micros: 0,
    });
    const other = await simulator.submit({ model: 'keyed', prompt: 'another' }, { 'idempotency-key': 'k1' });
    expect(other).toMatchObject({ status: 422, body: { error: { code: 'idempotency_mismatch' } } });
  });

  it('of reject is refused with 409, naming no job, and the first can be found', async () => {
    const first = await simulator.submit({ model: 'reject', reference: 'r1' });
    const again = await simulator.submit({ model: 'reject', reference: 'r1' });
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'duplicate_reference' } } });
    expect(JSON.stringify(again.body)).not.toContain(String(first.body['id']));
    expect(await simulator.lastLine()).toMatchObject({
      accepted: false,
      replay: false,
      job_id: null,
      charged_micros: 0,
    });
    const listed = await simulator.call('GET', '/v1/jobs?reference=r1');
    expect(listed.body['data']).toMatchObject([{ id: first.body['id'], reference: 'r1' }]);
  });

  it.each(['blind', 'inline', 'keyed'])('of %s shows in no listing', async (model) => {
    await simulator.submit({ model, reference: `hidden-${model}` });
    const listed = await simulator.call('GET', `/v1/jobs?reference=hidden-${model}`);
    expect(listed).toMatchObject({ status: 200, body: { data: [] } });
  });

  it.each([['in_flight'], [0.2]])('is a new job once the scope of a key (%s) is over', async (scope) => {
    await simulator.faults({ key: { scope } });
    const first = await simulator.submit({ model: 'keyed' }, { 'idempotency-key': `scope-${scope}` });
    await new Promise((resolve) => setTimeout(resolve, 250));
    const again = await simulator.submit({ model: 'keyed' }, { 'idempotency-key': `scope-${scope}` });
    expect(again.body['id']).not.toBe(first.body['id']);
    expect(await simulator.lastLine()).toMatchObject({ accepted: true, charged_micros: 40_000 });
  });

  it('finds no job where the key was claimed without one', async () => {
    await simulator.faults({ key: { claimed_without_job: 1 } });
    expect(await simulator.submit({ model: 'reject', reference: 'lost' })).toMatchObject({ status: 500 });
    expect(await simulator.submit({ model: 'keyed' }, { 'idempotency-key': 'lost' })).toMatchObject({
      status: 500,
    });
    await simulator.faults({});
    expect(await simulator.submit({ model: 'reject', reference: 'lost' })).toMatchObject({ status: 409 });
    expect(await simulator.submit({ model: 'keyed' }, { 'idempotency-key': 'lost' })).toMatchObject({
      status: 409,
    });
    expect((await simulator.call('GET', '/v1/jobs?reference=lost')).body['data']).toEqual([]);
    for (const line of (await simulator.ledger()).slice(-4))
      expect(line).toMatchObject({ job_id: null, charged_micros: 0 });
  });
});

describe('a job', () => {
  it('goes from queued over running to its pictures', async () => {
    await simulator.faults({ job: { seconds: [0.5, 0.5] } });
    const { body } = await simulator.submit({ count: 2, format: 'webp', width: 200, height: 100 });
    expect(await simulator.jobWith(body['id'], 'running')).toMatchObject({ outputs: null, error: null });
    const job = await simulator.jobWith(body['id'], 'succeeded');
    expect(job).toMatchObject({ id: body['id'], progress: 100, error: null });
    const outputs = outputsOf(job);
    expect(outputs).toHaveLength(2);
    expect(outputs[0]?.sha256).not.toBe(outputs[1]?.sha256);
    for (const output of outputs) {
      const answer = await fetch(output.url);
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(answer.headers.get('content-type')).toBe('image/webp');
      expect(bytes.length).toBe(output.bytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(output.sha256);
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 200, height: 100 });
    }
  });

  it('can be cancelled before its end, not after', async () => {
    await simulator.faults({ job: { seconds: [60, 60] } });
    const { body } = await simulator.submit();
    expect(await simulator.call('POST', `/v1/jobs/${String(body['id'])}/cancel`)).toMatchObject({
      status: 200,
      body: { status: 'canceled', outputs: null },
    });
    await simulator.faults({});
    const done = await simulator.submit();
    await simulator.jobWith(done.body['id'], 'succeeded');
    expect(await simulator.call('POST', `/v1/jobs/${String(done.body['id'])}/cancel`)).toMatchObject({
      body: { status: 'succeeded' },
    });
  });

  it('that nobody knows is a 404', async () => {
    for (const path of ['/v1/jobs/job_x', '/v1/jobs/..%2f..', '/outputs/job_x/0?expires=1&signature=x']) {
      expect(await simulator.call('GET', path)).toMatchObject({
        status: 404,
        body: { error: { code: 'not_found' } },
      });
    }
    expect(await simulator.call('POST', '/v1/jobs/job_x/cancel')).toMatchObject({ status: 404 });
    expect(await simulator.call('GET', '/v1/jobs')).toMatchObject({ status: 400 });
    expect(await simulator.call('GET', '/v1/jobs/job_x', undefined, { authorization: '' })).toMatchObject({
      status: 401,
    });
  });

  it('takes 0.5 to 2 s where nothing else is set', async () => {
    await simulator.call('POST', '/admin/reset');
    const { body } = await simulator.submit();
    const started = Date.now();
    await simulator.jobWith(body['id'], 'succeeded');
    expect(Date.now() - started).toBeGreaterThanOrEqual(400);
    expect(Date.now() - started).toBeLessThan(2_500);
  });
});
