import type { SubmitAnswer } from '../provider-adapter.js';
import { answered } from '../testing/answered.js';
import { readLookupAnswer, readPollAnswer, readSubmitAnswer } from './answers.js';

const now = Date.parse('2026-11-24T10:00:00Z');

const envelope = (code: string) => ({ error: { code, message: 'no' } });

describe('the answer to a submit', () => {
  const submit = (status: number, body: unknown, headers = {}): SubmitAnswer =>
    readSubmitAnswer('standard', answered(status, body, headers), now);

  it('is an acceptance when it carries a usable id, whatever else it carries', () => {
    expect(submit(201, { id: 'job_1', status: 'queued', queue_position: 3 })).toEqual({
      kind: 'accepted',
      jobId: 'job_1',
      queuePosition: 3,
    });
    expect(submit(200, { id: 'job_1', status: 'brewing', news: [1], queue_position: -4 })).toEqual({
      kind: 'accepted',
      jobId: 'job_1',
      queuePosition: null,
    });
  });

  it.each([
    [400, 'FAILURE_CLASS_INVALID_REQUEST'],
    [401, 'FAILURE_CLASS_UNAUTHORIZED'],
    [402, 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [403, 'FAILURE_CLASS_UNAUTHORIZED'],
    [413, 'FAILURE_CLASS_INVALID_REQUEST'],
    [415, 'FAILURE_CLASS_INVALID_REQUEST'],
    [422, 'FAILURE_CLASS_INVALID_REQUEST'],
    [429, 'FAILURE_CLASS_RATE_LIMITED'],
    [503, 'FAILURE_CLASS_OVERLOADED'],
  ])('is a definite refusal with %i in the vendor’s own envelope: %s', (status, failureClass) => {
    expect(submit(status, envelope('some_code'), { 'retry-after': '2' })).toEqual({
      kind: 'refused',
      failureClass,
      vendorCode: 'some_code',
      vendorMessage: 'no',
      retryAfterSeconds: 2,
    });
  });

  it('goes by the code before the status', () => {
    expect(submit(429, envelope('insufficient_credit'))).toMatchObject({
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_INSUFFICIENT_CREDIT',
    });
  });

  it.each([
    [409, 'duplicate_reference'],
    [422, 'duplicate_reference'],
    [422, 'idempotency_mismatch'],
    [409, 'key_in_use'],
  ])('%i %s proves that the key was used, and is no refusal', (status, code) => {
    expect(submit(status, envelope(code))).toMatchObject({ kind: 'duplicate', vendorCode: code });
  });

  it.each<[string, number, unknown]>([
    ['408 in the envelope', 408, envelope('timeout')],
    ['409 of another kind', 409, envelope('conflict')],
    ['500 in the envelope', 500, envelope('internal_error')],
    ['502 in the envelope', 502, envelope('bad_gateway')],
    ['504 in the envelope', 504, envelope('gateway_timeout')],
    ['503 as a page', 503, '<html>Service unavailable</html>'],
    ['429 without a body', 429, ''],
    ['422 with another envelope', 422, { message: 'no' }],
    ['422 with a code that is no text', 422, { error: { code: 7, message: 'no' } }],
    ['401 with the envelope cut in half', 401, '{"error":{"code":"unauth'],
    ['302', 302, ''],
    ['200 with an error body', 200, envelope('internal_error')],
    ['200 as a page', 200, '<html>Sign in</html>'],
    ['201 without a body', 201, ''],
    ['201 cut in half', 201, '{"id":"job_'],
    ['201 without an id', 201, { status: 'queued' }],
    ['201 with id null', 201, { id: null, status: 'queued' }],
    ['201 with a number as id', 201, { id: 17, status: 'queued' }],
    ['201 with an id of 1 MB', 201, { id: 'j'.repeat(1_000_000) }],
    ['201 with NUL in the id', 201, { id: 'job_\0' }],
    ['201 with a path as id', 201, { id: '../../admin' }],
    ['201 with two ids', 201, '{"id":"job_1","id":"job_2"}'],
    ['201 with depth 100,000', 201, '['.repeat(100_000)],
    ['201 with 2 MB', 201, { id: 'job_1', padding: 'x'.repeat(2_000_000) }],
    ['201 that is null', 201, null],
    ['201 that is a list', 201, [{ id: 'job_1' }]],
  ])('%s proves nothing', (_name, status, body) => {
    expect(submit(status, body)).toEqual({ kind: 'unreadable', reason: expect.any(String) });
  });

  it('keeps what is shown of it short and printable', () => {
    const refused = submit(422, {
      error: { code: 'c'.repeat(500), message: `\u001b[2J\0${'m'.repeat(5_000)}` },
    });
    expect(refused).toMatchObject({ kind: 'refused', vendorCode: 'c'.repeat(100) });
    expect(refused.kind === 'refused' && refused.vendorMessage.length).toBe(500);
    expect(refused.kind === 'refused' && refused.vendorMessage.startsWith(' [2J mmm')).toBe(true);
  });
});

describe('the answer of the inline model', () => {
  const inline = (body: unknown): SubmitAnswer => readSubmitAnswer('inline', answered(200, body), now);

  it('has the images in it', () => {
    const sha256 = 'a'.repeat(64);
    expect(
      inline({ id: 'job_1', status: 'succeeded', outputs: [{ b64: 'AQID', sha256, bytes: 3 }] }),
    ).toEqual({
      kind: 'ended',
      jobId: 'job_1',
      state: {
        kind: 'produced',
        dropped: 0,
        outputs: [
          {
            index: 0,
            source: { kind: 'inline', bytes: Buffer.from([1, 2, 3]) },
            sha256,
            bytes: 3,
            mediaType: '',
          },
        ],
      },
    });
  });

  it('tells failure and moderation apart', () => {
    const failed = { id: 'job_1', status: 'failed', error: { code: 'generation_failed', message: 'm' } };
    expect(inline(failed)).toMatchObject({ state: { kind: 'failed', end: 'ATTEMPT_END_VENDOR_FAILED' } });
    const moderated = { ...failed, error: { code: 'content_moderated', message: 'm' } };
    expect(inline(moderated)).toMatchObject({
      state: { kind: 'failed', end: 'ATTEMPT_END_MODERATED', failureClass: 'FAILURE_CLASS_CONTENT_REJECTED' },
    });
  });

  it('needs no usable id', () => {
    expect(inline({ id: null, status: 'failed', error: null })).toMatchObject({ kind: 'ended', jobId: null });
  });

  it('proves nothing when it is no end', () => {
    expect(inline({ id: 'job_1', status: 'running' })).toMatchObject({ kind: 'unreadable' });
    expect(inline({ id: 'job_1' })).toMatchObject({ kind: 'unreadable' });
  });
});

describe('the answer to a poll', () => {
  const poll = (status: number, body: unknown, headers = {}) =>
    readPollAnswer(answered(status, body, headers), { model: 'standard', jobId: 'job_1' }, now);
  const job = (fields: object) => poll(200, { id: 'job_1', ...fields });

  it.each([
    [
      { status: 'queued', progress: 0, queue_position: 2 },
      { stage: 'queued', percent: 0, queuePosition: 2, statusKnown: true },
    ],
    [
      { status: 'running', progress: 40 },
      { stage: 'running', percent: 40, statusKnown: true },
    ],
    [
      { status: 'RUNNING', progress: '40' },
      { stage: 'running', percent: null, statusKnown: true },
    ],
    [
      { status: 'warming_up', progress: 1e9 },
      { stage: 'running', percent: 100, statusKnown: false, vendorStatus: 'warming_up' },
    ],
    [
      { status: '', progress: -5 },
      { stage: 'running', percent: 0, statusKnown: false },
    ],
  ])('%j is still open', (fields, state) => {
    expect(job(fields)).toMatchObject({ kind: 'job', jobId: 'job_1', state: { kind: 'open', ...state } });
  });

  it('reads ends in any case', () => {
    expect(job({ status: 'Canceled' })).toMatchObject({ state: { kind: 'canceled' } });
    expect(job({ status: 'FAILED', error: null })).toMatchObject({
      state: { kind: 'failed', vendorCode: 'failed' },
    });
    expect(job({ status: 'failed', error: { code: 7 } })).toMatchObject({ state: { kind: 'failed' } });
  });

  it.each<[string, unknown, number, number]>([
    ['none', [], 0, 0],
    ['null', null, 0, 0],
    ['something else', 'https://x/', 0, 0],
    ['nulls and junk', [null, 7, {}, { url: 'file:///etc/passwd' }, { url: 'https://h/a' }], 1, 4],
    ['500', Array.from({ length: 500 }, (_, i) => ({ url: `https://h/${i}` })), 8, 492],
  ])('success with %s outputs is bounded', (_name, outputs, usable, dropped) => {
    const read = job({ status: 'succeeded', outputs });
    expect(read).toMatchObject({ state: { kind: 'produced', dropped } });
    expect(read.kind === 'job' && read.state.kind === 'produced' && read.state.outputs.length).toBe(usable);
  });

  it('numbers an output by its place among those that can be used', () => {
    const body =
      '{"id":"job_1","status":"succeeded","outputs":[null,{"url":"https://h/b","sha256":"x","bytes":1e400}]}';
    expect(poll(200, body)).toMatchObject({
      state: { outputs: [{ index: 0, sha256: '', bytes: 0 }], dropped: 1 },
    });
  });

  it('believes a 404 only of the vendor itself', () => {
    expect(poll(404, envelope('not_found'))).toEqual({ kind: 'not_found' });
    expect(poll(404, '<html>')).toMatchObject({ kind: 'error', failureClass: 'FAILURE_CLASS_NOT_FOUND' });
  });

  it('names errors', () => {
    expect(poll(503, '')).toMatchObject({ kind: 'error', failureClass: 'FAILURE_CLASS_OVERLOADED' });
    expect(poll(429, envelope('rate_limited'), { 'retry-after': '7' })).toMatchObject({
      retryAfterSeconds: 7,
    });
    expect(poll(500, '')).toMatchObject({
      failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
      vendorCode: 'status_500',
    });
    expect(poll(418, '')).toMatchObject({ failureClass: 'FAILURE_CLASS_PROTOCOL' });
  });

  it('does not take another job’s state for this one’s', () => {
    expect(poll(200, { id: 'job_2', status: 'succeeded', outputs: [] })).toMatchObject({
      kind: 'unreadable',
    });
    expect(poll(200, '{"id":"job_1"')).toMatchObject({ kind: 'unreadable' });
    expect(poll(200, { id: 'job_1', status: null })).toMatchObject({ kind: 'unreadable' });
  });
});

describe('the answer to a look-up', () => {
  const lost = {
    model: 'standard',
    prompt: 'a boat',
    width: 64,
    height: 64,
    count: 1,
    seed: 7,
    format: 'png',
    reference: 'ref-1',
    startedAt: now,
    names: () => undefined,
  } as const;
  const lookup = (status: number, body: unknown) => readLookupAnswer(answered(status, body), lost, now);

  it('finds, or shows absence', () => {
    expect(lookup(200, { data: [] })).toEqual({ kind: 'absent' });
    expect(lookup(200, { data: [{ id: 'job_1', status: 'running', reference: 'ref-1' }] })).toMatchObject({
      kind: 'found',
      jobs: [{ jobId: 'job_1', state: { kind: 'open' } }],
    });
  });

  it.each<[string, unknown]>([
    ['a list of somebody else’s jobs', { data: [{ id: 'job_1', status: 'running', reference: 'ref-2' }] }],
    ['a job without a reference', { data: [{ id: 'job_1', status: 'running' }] }],
    ['a job that cannot be read', { data: [null] }],
    ['a job without an id', { data: [{ status: 'running', reference: 'ref-1' }] }],
    ['everything there is', { data: Array.from({ length: 500 }, () => ({})) }],
    ['no list', { data: null }],
    ['a page', '<html>'],
    ['nothing', ''],
  ])('%s shows neither', (_name, body) => {
    expect(lookup(200, body)).toMatchObject({ kind: 'unreadable' });
  });

  it('takes an error for no absence', () => {
    expect(lookup(404, envelope('not_found'))).toMatchObject({ kind: 'error' });
    expect(lookup(503, envelope('overloaded'))).toMatchObject({ kind: 'error' });
  });
});
