import sharp from 'sharp';
import { outputsOf, SimulatorUnderTest } from './simulator-under-test.js';

const simulator = new SimulatorUnderTest();
beforeAll(() => simulator.start());
afterEach(() => simulator.faults({}));
afterAll(() => simulator.remove());

/** A call whose socket is destroyed. */
const cutOff = { cause: expect.anything() };

async function finishedJob(change: Record<string, unknown> = {}) {
  await simulator.faults({});
  const { body } = await simulator.submit(change);
  return String(body['id']);
}

describe('faults of a submit', () => {
  it.each(['standard', 'keyed', 'reject', 'blind', 'inline'])(
    'drop_reply of %s comes after acceptance',
    async (model) => {
      await simulator.faults({ submit: { drop_reply: 1 } });
      await expect(simulator.submit({ model, reference: `drop-${model}` })).rejects.toMatchObject(cutOff);
      expect(await simulator.lastLine()).toMatchObject({
        model,
        accepted: true,
        reply: 'dropped',
        charged_micros: 40_000,
      });
    },
  );

  it('drop_before_accept never charges', async () => {
    await simulator.faults({ submit: { drop_before_accept: 1 } });
    await expect(simulator.submit()).rejects.toMatchObject(cutOff);
    expect(await simulator.lastLine()).toMatchObject({
      accepted: false,
      job_id: null,
      reply: 'dropped',
      charged_micros: 0,
    });
  });

  it.each([503, 429, 401, 402, 500])('status %i never charges', async (status) => {
    await simulator.faults({ submit: { status: { [status]: 1 }, retry_after: '2' } });
    const answer = await simulator.submit();
    expect(answer).toMatchObject({
      status,
      body: { error: { code: expect.any(String), message: expect.any(String) } },
    });
    expect(answer.headers.get('retry-after')).toBe(status === 503 || status === 429 ? '2' : null);
    expect(await simulator.lastLine()).toMatchObject({
      accepted: false,
      job_id: null,
      reply: 'sent',
      charged_micros: 0,
    });
  });

  it('hang comes after acceptance', async () => {
    await simulator.faults({ submit: { hang: 1 } });
    const hanging = fetch(new URL('/v1/jobs', simulator.url), {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'standard', prompt: 'x', width: 64, height: 64 }),
      signal: AbortSignal.timeout(300),
    });
    await expect(hanging).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await simulator.lastLine()).toMatchObject({
      accepted: true,
      reply: 'dropped',
      charged_micros: 40_000,
    });
  });

  it('malformed comes after acceptance, in many shapes', async () => {
    await simulator.faults({ submit: { malformed: 1 } });
    const shapes = new Set<string>();
    for (let nth = 0; nth < 40; nth++) {
      const answer = await simulator.submit().catch(() => 'cut');
      shapes.add(
        typeof answer === 'string' ? answer : `${answer.status} ${JSON.stringify(answer.body).slice(0, 20)}`,
      );
      expect(await simulator.lastLine()).toMatchObject({ accepted: true, charged_micros: 40_000 });
    }
    expect(shapes.size).toBeGreaterThan(5);
    expect(shapes).toContain('cut');
  });

  it('accept_delay_seconds accepts late, also when the sender has gone', async () => {
    await simulator.faults({ submit: { accept_delay_seconds: 0.5 } });
    const before = (await simulator.ledger()).length;
    const gone = fetch(new URL('/v1/jobs', simulator.url), {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'blind', prompt: 'late', width: 64, height: 64 }),
      signal: AbortSignal.timeout(100),
    });
    await expect(gone).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await simulator.ledger()).toHaveLength(before);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await simulator.lastLine()).toMatchObject({ prompt: 'late', accepted: true, reply: 'dropped' });
  });

  it('half of the odds is half of the submits, by the seed', async () => {
    await simulator.faults({ submit: { status: { 503: 0.25, 429: 0.25 } }, seed: 5 });
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async () => (await simulator.submit()).status),
    );
    const refused = statuses.filter((status) => status !== 201).length;
    expect(refused).toBeGreaterThan(70);
    expect(refused).toBeLessThan(130);
    expect(new Set(statuses)).toEqual(new Set([201, 429, 503]));
  });
});

describe('faults of limits', () => {
  it('concurrent refuses one job more with 429', async () => {
    await simulator.faults({
      job: { seconds: [0.5, 0.5] },
      limit: { concurrent: 2 },
      submit: { retry_after: '1' },
    });
    // Whatever earlier tests left running has ended at once.
    const first = await simulator.submit();
    expect(await simulator.submit()).toMatchObject({ status: 201 });
    const third = await simulator.submit();
    expect(third).toMatchObject({ status: 429, body: { error: { code: 'too_many_jobs' } } });
    expect(third.headers.get('retry-after')).toBe('1');
    await simulator.jobWith(first.body['id'], 'succeeded');
    expect(await simulator.submit()).toMatchObject({ status: 201 });
  });

  it('per_second refuses with 429', async () => {
    await simulator.faults({ limit: { per_second: 3 } });
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => (await simulator.submit()).status),
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(5);
  });
});

describe('faults of lists and polls', () => {
  it('lag_seconds hides a young job', async () => {
    await simulator.faults({ list: { lag_seconds: 0.5 } });
    await simulator.submit({ reference: 'young' });
    expect((await simulator.call('GET', '/v1/jobs?reference=young')).body['data']).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 550));
    expect((await simulator.call('GET', '/v1/jobs?reference=young')).body['data']).toHaveLength(1);
  });

  it('omit hides any job', async () => {
    await simulator.faults({ list: { omit: 1 } });
    await simulator.submit({ reference: 'omitted' });
    expect((await simulator.call('GET', '/v1/jobs?reference=omitted')).body['data']).toEqual([]);
  });

  it('status, not_found, drop_reply and backwards spoil one answer', async () => {
    const id = await finishedJob();
    const path = `/v1/jobs/${id}`;
    await simulator.faults({ poll: { status: { 500: 1 } } });
    expect(await simulator.call('GET', path)).toMatchObject({
      status: 500,
      body: { error: { code: 'internal_error' } },
    });
    await simulator.faults({ poll: { not_found: 1 } });
    expect(await simulator.call('GET', path)).toMatchObject({ status: 404 });
    await simulator.faults({ poll: { drop_reply: 1 } });
    await expect(simulator.call('GET', path)).rejects.toMatchObject(cutOff);
    await simulator.faults({ poll: { backwards: 1 } });
    expect(await simulator.call('GET', path)).toMatchObject({ body: { status: 'running' } });
    await simulator.faults({});
    expect(await simulator.call('GET', path)).toMatchObject({ body: { status: 'succeeded' } });
  });

  it('hang never answers', async () => {
    const id = await finishedJob();
    await simulator.faults({ poll: { hang: 1 } });
    const hanging = fetch(new URL(`/v1/jobs/${id}`, simulator.url), {
      headers: { authorization: 'Bearer any' },
      signal: AbortSignal.timeout(200),
    });
    await expect(hanging).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('stuck keeps a job running while it is set', async () => {
    await simulator.faults({ poll: { stuck: 1 } });
    const { body } = await simulator.submit();
    expect(await simulator.call('GET', `/v1/jobs/${String(body['id'])}`)).toMatchObject({
      body: { status: 'running' },
    });
    await simulator.faults({});
    await simulator.jobWith(body['id'], 'succeeded');
  });

  it('fail and moderate end a job, charged', async () => {
    await simulator.faults({ job: { seconds: [0, 0], fail: 1 } });
    const failed = await simulator.submit();
    expect(await simulator.jobWith(failed.body['id'], 'failed')).toMatchObject({
      error: { code: 'generation_failed' },
    });
    expect(await simulator.submit({ model: 'inline' })).toMatchObject({
      status: 200,
      body: { status: 'failed', error: { code: 'generation_failed' } },
    });
    expect(await simulator.lastLine()).toMatchObject({ accepted: true, charged_micros: 40_000 });
    await simulator.faults({ job: { seconds: [0, 0], moderate: 1 } });
    const moderated = await simulator.submit();
    expect(await simulator.jobWith(moderated.body['id'], 'failed')).toMatchObject({
      error: { code: 'content_moderated' },
    });
  });
});

describe('faults of outputs', () => {
  async function download(fault: object, format = 'png') {
    const id = await finishedJob({ format, width: 256, height: 256 });
    const job = await simulator.jobWith(id, 'succeeded');
    await simulator.faults({ output: fault });
    const output = outputsOf(job)[0];
    if (!output) throw new Error('no output');
    return { output, answer: await fetch(output.url, { redirect: 'manual' }), id };
  }

  it('status', async () => {
    expect((await download({ status: { 500: 1 } })).answer.status).toBe(500);
  });

  it('truncate: half of the bytes, with a right or a wrong length', async () => {
    const seen = new Set<string>();
    for (let nth = 0; nth < 12; nth++) {
      const { answer, output } = await download({ truncate: 1 });
      const bytes = await answer.arrayBuffer().catch(() => undefined);
      seen.add(bytes ? 'short' : 'cut');
      if (bytes) expect(bytes.byteLength).toBeLessThan(output.bytes);
    }
    expect(seen).toEqual(new Set(['short', 'cut']));
  });

  it('corrupt: as many bytes, others', async () => {
    const { answer, output } = await download({ corrupt: 1 });
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.length).toBe(output.bytes);
    await expect(sharp(bytes).raw().toBuffer()).rejects.toThrow();
  });

  it('html: a page as image/png', async () => {
    const { answer } = await download({ html: 1 });
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(await answer.text()).toContain('<!doctype html>');
  });

  it('wrong_type: the picture as something else', async () => {
    const { answer, output } = await download({ wrong_type: 1 });
    expect(answer.headers.get('content-type')).not.toBe('image/png');
    expect((await answer.arrayBuffer()).byteLength).toBe(output.bytes);
  });

  it('bomb: 196 million pixels, or 128 MB in a gzip', async () => {
    const seen = new Set<string>();
    for (let nth = 0; nth < 12 && seen.size < 2; nth++) {
      const { answer } = await download({ bomb: 1 });
      if (answer.headers.get('content-encoding') === 'gzip') {
        seen.add('gzip');
        await answer.body?.cancel();
        continue;
      }
      seen.add('pixels');
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(bytes.length).toBeLessThan(100_000);
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 14_000, height: 14_000 });
    }
    expect(seen).toEqual(new Set(['gzip', 'pixels']));
  });

  it('endless: never ends', async () => {
    const { answer } = await download({ endless: 1 });
    expect(answer.headers.get('content-length')).toBeNull();
    const reader = answer.body?.getReader();
    let total = 0;
    while (total < 5_000_000) total += (await reader?.read())?.value?.length ?? 0;
    await reader?.cancel();
    expect(total).toBeGreaterThanOrEqual(5_000_000);
  });

  it('slow: a byte a second', async () => {
    const { answer } = await download({ slow: 1 });
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.value?.length).toBe(1);
    await reader?.cancel();
  });

  it('redirect_private: to the metadata service', async () => {
    const { answer } = await download({ redirect_private: 1 });
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toContain('169.254.169.254');
  });

  it('expired: 403 as XML; a fresh link may live', async () => {
    const { answer, id } = await download({ expired: 1 });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Error>');
    await simulator.faults({});
    const fresh = outputsOf(await simulator.jobWith(id, 'succeeded'))[0];
    expect((await fetch(fresh?.url ?? '')).status).toBe(200);
  });

  it('link_seconds: a link dies of age', async () => {
    const id = await finishedJob();
    await simulator.faults({ output: { link_seconds: 0 } });
    const dead = outputsOf(await simulator.jobWith(id, 'succeeded'))[0];
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await fetch(dead?.url ?? '')).status).toBe(403);
  });
});

describe('the desk', () => {
  it('shows what is set, and refuses what it does not know', async () => {
    await simulator.faults({ submit: { drop_reply: 0.05 }, seed: 9 });
    expect(await simulator.call('GET', '/admin/faults')).toMatchObject({
      body: { submit: { drop_reply: 0.05, hang: 0, status: {} }, job: { seconds: [0, 0], fail: 0 }, seed: 9 },
    });
    for (const wrong of [
      { submit: { drop: 1 } },
      { submit: { drop_reply: 2 } },
      { submit: { status: { 503: 0.9, 429: 0.9 } } },
      { submit: { status: { 200: 1 } } },
      { job: { seconds: [2, 1] } },
      [],
      '{',
    ]) {
      const answer = await simulator.call('PUT', '/admin/faults', wrong);
      expect([400, 422]).toContain(answer.status);
    }
    expect(await simulator.call('GET', '/admin/faults')).toMatchObject({ body: { seed: 9 } });
  });

  it('takes the example of the contract whole', async () => {
    const example = {
      submit: {
        drop_reply: 0.05,
        drop_before_accept: 0,
        accept_delay_seconds: 0,
        status: { 503: 0.1, 429: 0.1, 401: 0 },
        retry_after: '2',
        hang: 0.01,
        malformed: 0.01,
      },
      list: { lag_seconds: 0, omit: 0 },
      key: { claimed_without_job: 0, scope: 'forever' },
      poll: { status: {}, drop_reply: 0, hang: 0, backwards: 0, not_found: 0, stuck: 0 },
      output: {
        status: {},
        truncate: 0,
        corrupt: 0,
        html: 0,
        wrong_type: 0,
        bomb: 0,
        endless: 0,
        redirect_private: 0,
        expired: 0,
        slow: 0,
      },
      job: { seconds: [0.5, 2], fail: 0, moderate: 0 },
      webhook: { send: 0, duplicate: 0, forge: 0, early: 0, delay_seconds: 0, lose: 0 },
      limit: { concurrent: 50, per_second: null },
      seed: 1,
    };
    expect(await simulator.call('PUT', '/admin/faults', example)).toMatchObject({
      status: 200,
      body: example,
    });
  });

  it('reset takes the faults back; the ledger stays', async () => {
    await simulator.faults({ submit: { drop_reply: 1 } });
    const before = await simulator.ledger();
    expect(await simulator.call('POST', '/admin/reset')).toMatchObject({
      body: { submit: { drop_reply: 0 }, job: { seconds: [0.5, 2] }, limit: { concurrent: null } },
    });
    expect(await simulator.ledger()).toEqual(before);
  });
});
