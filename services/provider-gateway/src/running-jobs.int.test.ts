import { currentAttempt, type GenerationState } from '@darkroom/domain';
import { GatewayUnderTest, until } from './testing/gateway-under-test.js';
import { json, refusal, VendorDouble, type VendorReply } from './testing/vendor-double.js';

let gateway: GatewayUnderTest;
let vendor: VendorDouble;

beforeEach(async () => {
  gateway = await GatewayUnderTest.create();
  vendor = await VendorDouble.start();
  await gateway.start(vendor.url, { retry: { baseSeconds: 0.05 } });
});
afterEach(async () => {
  await gateway.drop();
  await vendor.stop();
});

const id = 'job_1';
const running = json(200, { id, status: 'running', progress: 30 });
const done = (outputs: unknown): VendorReply => json(200, { id, status: 'succeeded', outputs });
const picture = { url: 'http://127.0.0.1:9/a.png', sha256: 'ab'.repeat(32), bytes: 100 };

/** Takes the job, then answers polls like this, one after another and the last one for ever. */
const toPolls = (polls: readonly VendorReply[], toCancel: VendorReply = running): void => {
  let nth = 0;
  vendor.says(({ method, path }) => {
    if (method === 'POST') return path === '/v1/jobs' ? json(201, { id, status: 'queued' }) : toCancel;
    if (path.includes('reference=')) return json(200, { data: [] });
    const reply = polls[Math.min(nth, polls.length - 1)];
    nth += 1;
    return reply ?? running;
  });
};
const ended = ({ phase }: GenerationState): boolean => phase === 'storing' || phase === 'failed';

it.each([
  ['a status that goes backwards', json(200, { id, status: 'queued' })],
  ['a word that nobody documented', json(200, { id, status: 'Warming_Up' })],
  ['words in another case', json(200, { id, status: 'RUNNING' })],
  ['500', { status: 500 }],
  ['429', refusal(429, 'slow_down')],
  ['401', refusal(401, 'who_are_you')],
  ['no JSON', { status: 200, body: '<html>' }],
  ['another job', json(200, { id: 'job_2', status: 'succeeded', outputs: [picture] })],
  ['a lost reply', { status: 200, cut: 'before' as const }],
  ['404 once', refusal(404, 'not_found')],
  ['progress of 1e400', { status: 200, body: `{"id":"${id}","status":"running","progress":1e400}` }],
])('a poll that answers %s changes nothing that matters', async (_, reply) => {
  toPolls([running, reply, reply, done([picture])]);
  const generation = await gateway.request('standard');
  const state = await gateway.when('produced', generation, ended);
  expect(state.outputs).toMatchObject([{ index: 0, status: 'pending', sha256: picture.sha256 }]);
  expect(vendor.submits).toHaveLength(1);
  expect(await gateway.types(generation)).not.toContain('SubmissionOutcomeUnknown');
});

it('asks again for a job that is not found, and holds it for unknown only beyond the grace', async () => {
  toPolls([refusal(404, 'not_found')]);
  const generation = await gateway.request('standard');
  const state = await gateway.when('unknown', generation, ({ phase }) => phase === 'unresolved', 40);
  expect(currentAttempt(state)).toMatchObject({
    unknownCause: 'UNKNOWN_CAUSE_JOB_MISSING',
    everAccepted: true,
    charge: 'CHARGE_CERTAIN',
  });
  const accepted = currentAttempt(state)?.acceptedAt ?? 0;
  expect((currentAttempt(state)?.unknownSince ?? 0) - accepted).toBeGreaterThanOrEqual(10_000);
  // What the vendor once answered to the submit does not undo that: only a look at the job does.
  const looks = vendor.calls.length;
  await until(40, () => Promise.resolve(vendor.calls.length >= looks + 3 ? vendor.calls : 'no looks'));
  expect(await gateway.types(generation)).toEqual([
    'GenerationRequested',
    'SubmissionStarted',
    'SubmissionAccepted',
    'SubmissionOutcomeUnknown',
  ]);
  // Found again: it goes on where it was.
  toPolls([done([picture])]);
  await gateway.when('produced', generation, ended, 40);
  expect(vendor.submits).toHaveLength(0);
});

it.each([
  ['no outputs', [], 0],
  ['nulls', [null, null], 0],
  ['500 outputs', Array.from({ length: 500 }, () => picture), 1],
  ['outputs of no kind', [{ url: 'javascript:alert(1)' }, { b64: '***' }, { url: 7 }], 0],
])('success with %s: taken for what it is, never more than was asked for', async (_, outputs, linked) => {
  toPolls([done(outputs)]);
  const generation = await gateway.request('standard');
  const state = await gateway.when('produced', generation, ended);
  expect(state.outputs.filter(({ source }) => source === 'link')).toHaveLength(linked);
  expect(state.outputs.length).toBeLessThanOrEqual(1);
  expect(currentAttempt(state)?.charge).toBe('CHARGE_CERTAIN');
});

it.each([
  ['failed', { code: 'internal', message: 'sorry' }, 'ERROR_CODE_PROVIDER_FAILED'],
  ['failed', { code: 'content_moderated', message: 'no' }, 'ERROR_CODE_CONTENT_REJECTED'],
])('%s with %o: failed by name, charged as the sheet says, no second try', async (status, error, code) => {
  toPolls([json(200, { id, status, error })]);
  const generation = await gateway.request('standard');
  const state = await gateway.when('failed', generation, ended);
  expect(state).toMatchObject({ phase: 'failed', error: { code }, charge: 'CHARGE_CERTAIN' });
  expect(vendor.submits).toHaveLength(1);
});

it('asks for a fresh link again where the job is out of sight, or seems to run, for a moment', async () => {
  const fresh = { ...picture, url: 'http://127.0.0.1:9/fresh.png' };
  toPolls([done([picture]), refusal(404, 'not_found'), running, { status: 500 }, done([fresh])]);
  const generation = await gateway.request('standard');
  await gateway.when('produced', generation, ended);
  await gateway.command(generation, 'artifact', () => ({
    type: 'reject-artifact',
    now: Date.now(),
    attempt: 1,
    index: 0,
    reason: 'REJECTION_REASON_LINK_EXPIRED',
    detail: '403',
  }));
  const isRefreshed = ({ outputs }: GenerationState): boolean => outputs[0]?.refreshes === 1;
  const state = await gateway.when('refreshed', generation, isRefreshed);
  expect(state.outputs).toMatchObject([{ source: 'link', status: 'pending', needsLink: false }]);
  const { events } = await gateway.load(generation);
  const refreshed = events.find(({ type }) => type === 'OutputsRefreshed');
  expect(JSON.stringify(refreshed?.data)).toContain('fresh.png');
});

it('goes on with an account that works for submits, whatever a few jobs are refused', async () => {
  let nth = 0;
  vendor.says(({ method }) =>
    method === 'POST' ? json(201, { id: `job_${(nth += 1)}`, status: 'queued' }) : refusal(403, 'not_yours'),
  );
  for (const one of [await gateway.request('standard'), await gateway.request('standard')])
    await gateway.when('running', one, ({ phase }) => phase === 'processing');
  await until(20, async () => ((await gateway.pausedBy()) === null ? 'not paused' : {}));
  // As whoever probes does, or a person: the same jobs say nothing new.
  await gateway.database
    .superuser`update gateway.account_gates set paused_by = null, not_before = '-infinity'`;
  const looks = vendor.calls.length;
  await until(30, () => Promise.resolve(vendor.calls.length > looks + 6 ? vendor.calls : 'no looks'));
  expect(await gateway.pausedBy()).toBeNull();
  const another = await gateway.request('standard');
  await gateway.when('running', another, ({ phase }) => phase === 'processing');
});

it('pauses an account whose looks are refused for several generations, and comes back no sooner than it is asked to', async () => {
  let nth = 0;
  const accept = (): VendorReply => json(201, { id: `job_${(nth += 1)}`, status: 'queued' });
  vendor.says(({ method }) => (method === 'POST' ? accept() : refusal(401, 'who_are_you')));
  const first = await gateway.request('standard');
  await gateway.when('running', first, ({ phase }) => phase === 'processing');
  await until(20, () => Promise.resolve(vendor.calls.length > 3 ? vendor.calls : 'no looks'));
  // One job that may not be seen says nothing of the account.
  const second = await gateway.request('standard');
  await gateway.when('running', second, ({ phase }) => phase === 'processing');
  await until(20, async () =>
    (await gateway.pausedBy()) === 'FAILURE_CLASS_UNAUTHORIZED' ? {} : 'not paused',
  );

  vendor.says(({ method }) =>
    method === 'POST' ? accept() : refusal(429, 'slow_down', { 'retry-after': '3' }),
  );
  const looks = () =>
    vendor.calls.filter(({ method }) => method === 'GET').map(({ at, path }) => ({ at, path }));
  await until(20, () => Promise.resolve(looks().length >= 4 ? looks() : 'no looks'));
  const [job = ''] = looks().map(({ path }) => path);
  const [one, two] = looks().filter(({ path }) => path === job);
  expect((two?.at ?? 0) - (one?.at ?? 0)).toBeGreaterThan(2_900);
});

describe('a cancel', () => {
  it('of a running job: the vendor is told, and its word ends the run, charge and all', async () => {
    toPolls([running], json(200, { id, status: 'canceled' }));
    const generation = await gateway.request('standard');
    await gateway.when('running', generation, ({ phase }) => phase === 'processing');
    await gateway.cancel(generation);
    const state = await gateway.when('canceled', generation, ({ phase }) => phase === 'canceled');
    expect(state.charge).toBe('CHARGE_CERTAIN');
    await gateway.whenRow('its slot is free', generation, ({ holdsSlot }) => !holdsSlot, 10);
  });

  it('is over when the grace is, however long the vendor wants to be left alone', async () => {
    toPolls([running], refusal(429, 'slow_down', { 'retry-after': '300' }));
    const generation = await gateway.request('standard');
    await gateway.when('running', generation, ({ phase }) => phase === 'processing');
    await gateway.cancel(generation);
    const state = await gateway.when('canceled', generation, ({ phase }) => phase === 'canceled', 30);
    expect(state.orphans).toMatchObject([{ vendorJobId: id }]);
  });

  it('that comes too late: what was made is a paid orphan and not published', async () => {
    toPolls([running], done([picture]));
    const generation = await gateway.request('standard');
    await gateway.when('running', generation, ({ phase }) => phase === 'processing');
    await gateway.cancel(generation);
    const state = await gateway.when('canceled', generation, ({ phase }) => phase === 'canceled');
    expect(state).toMatchObject({
      charge: 'CHARGE_CERTAIN',
      outputs: [],
      orphans: [{ vendorJobId: id, charge: 'CHARGE_CERTAIN' }],
    });
    await gateway.whenRow('its slot is free', generation, ({ holdsSlot }) => !holdsSlot, 10);
  });

  it('before anything was sent: no charge, and nothing is sent any more', async () => {
    vendor.says(() => refusal(429, 'full', { 'retry-after': '30' }));
    const generation = await gateway.request('standard');
    await gateway.when('waiting', generation, ({ phase }) => phase === 'waiting');
    const before = vendor.submits.length;
    await gateway.cancel(generation);
    const state = await gateway.when('canceled', generation, ({ phase }) => phase === 'canceled', 15);
    expect(state.charge).toBe('CHARGE_NONE');
    expect(vendor.submits).toHaveLength(before);
  });
});

it('a job that runs for ever: the deadline, the vendor is told, an honest failure with a paid orphan', async () => {
  toPolls([running]);
  const generation = await gateway.request('standard', { deadlineMs: 2_500 });
  const state = await gateway.when('failed', generation, ({ phase }) => phase === 'failed', 40);
  expect(state).toMatchObject({
    error: { code: 'ERROR_CODE_DEADLINE_EXCEEDED' },
    charge: 'CHARGE_CERTAIN',
    orphans: [{ vendorJobId: id }],
  });
  expect(vendor.calls.some(({ path }) => path === `/v1/jobs/${id}/cancel`)).toBe(true);
});

describe('a webhook', () => {
  it('that comes late settles what nothing else could', async () => {
    vendor.says(({ method, path }) => {
      if (method === 'POST' && path === '/v1/jobs') return { status: 504 };
      return path.endsWith(id) ? done([picture]) : json(200, { data: [] });
    });
    const generation = await gateway.request('blind');
    await gateway.when('unknown', generation, ({ phase }) => phase === 'unresolved');
    await gateway.notify(generation, { id, status: 'succeeded', outputs: [picture] });
    const state = await gateway.when('produced', generation, ended);
    expect(currentAttempt(state)).toMatchObject({ vendorJobId: id, status: 'produced' });
    expect(vendor.submits).toHaveLength(1);
  });

  it('that comes before the answer to its submit has the job looked at sooner than one that nobody told of', async () => {
    let early = true;
    let generation = '';
    // A job has one owner.
    let job = 0;
    vendor.says(async ({ method }) => {
      const own = `job_${job}`;
      if (method !== 'POST') return json(200, { id: own, status: 'succeeded', outputs: [picture] });
      if (early) await gateway.notify(generation, { id: own, status: 'succeeded', outputs: [picture] });
      return json(201, { id: own, status: 'queued' });
    });
    const untilLook = async (): Promise<number> => {
      job += 1;
      const before = vendor.calls.length;
      generation = await gateway.request('standard');
      await gateway.when(
        'looked at',
        generation,
        ({ phase }) => phase !== 'requested' && phase !== 'submitting',
      );
      await until(20, async () => (vendor.calls.length >= before + 2 ? {} : 'no look yet'));
      const [submitted, polled] = vendor.calls.slice(before);
      return (polled?.at ?? 0) - (submitted?.at ?? 0);
    };
    const waits: Record<'told' | 'untold', number[]> = { told: [], untold: [] };
    for (let round = 0; round < 3; round += 1) {
      for (const who of ['told', 'untold'] as const) {
        early = who === 'told';
        waits[who].push(await untilLook());
      }
    }
    // Side by side, so that a busy machine slows both; the middle one of each, so that one that it held up does not decide.
    const middle = (values: number[]): number => values.toSorted((a, b) => a - b)[1] ?? NaN;
    expect(middle(waits.told)).toBeLessThan(middle(waits.untold));
  });

  it("of another job changes nothing, be it another generation's or nobody's; with our reference it is a paid orphan", async () => {
    let nth = 0;
    let status = 'running';
    vendor.says(({ method, path }) => {
      if (method === 'POST' && path === '/v1/jobs')
        return json(201, { id: `job_${(nth += 1)}`, status: 'queued' });
      if (path.includes('reference=')) return json(200, { data: [] });
      return json(200, { id: path.split('/')[3], status, outputs: [picture] });
    });
    const isRunning = ({ phase }: GenerationState): boolean => phase === 'processing';
    const generations = [await gateway.request('standard'), await gateway.request('standard')];
    const states = [];
    for (const one of generations) states.push(await gateway.when('running', one, isRunning));
    const [generation = ''] = generations;
    const [own, foreign] = states.map((state) => currentAttempt(state)?.vendorJobId);
    await gateway.notify(generation, { id: foreign, status: 'succeeded', outputs: [picture] });
    await gateway.notify(generation, { id: 'job_of_nobody', status: 'running' });
    const reference = currentAttempt((await gateway.load(generation)).state)?.reference;
    await gateway.notify(generation, { id: 'job_twice', status: 'running', reference });
    const isRecorded = ({ orphans }: GenerationState): boolean => orphans.length > 0;
    await gateway.when('recorded', generation, isRecorded);
    status = 'succeeded';
    const state = await gateway.when('produced', generation, ended);
    expect(state).toMatchObject({
      orphans: [{ vendorJobId: 'job_twice' }],
      attempts: [{ vendorJobId: own }],
    });
    expect(await gateway.types(generation)).not.toContain('SubmissionOutcomeUnknown');
    const canceled = vendor.calls.filter(({ path }) => path.endsWith('/cancel')).map(({ path }) => path);
    expect(canceled).toEqual(['/v1/jobs/job_twice/cancel']);
    expect((await gateway.when('produced too', generations[1] ?? '', ended)).orphans).toEqual([]);
  });

  it('that nobody signed is not believed', async () => {
    vendor.says(() => ({ status: 504 }));
    const generation = await gateway.request('blind');
    await gateway.when('unknown', generation, ({ phase }) => phase === 'unresolved');
    await gateway.notify(generation, { id, status: 'succeeded', outputs: [picture] }, false);
    await gateway.whenRow('seen', generation, ({ holder, seen }) => holder === null && seen >= 4);
    expect((await gateway.load(generation)).state).toMatchObject({
      phase: 'unresolved',
      attempts: [{ vendorJobId: null }],
    });
  });

  it('in a hundred copies is one step', async () => {
    toPolls([running]);
    const generation = await gateway.request('standard');
    await gateway.when('running', generation, ({ phase }) => phase === 'processing');
    const body = { id, status: 'succeeded', outputs: [picture] };
    const copies = await Promise.allSettled(
      Array.from({ length: 100 }, async () => gateway.notify(generation, body)),
    );
    expect(copies.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    toPolls([done([picture])]);
    await gateway.when('produced', generation, ended);
    const types = await gateway.types(generation);
    expect(types.filter((type) => type === 'OutputsProduced')).toHaveLength(1);
    expect(types.filter((type) => type === 'ProviderNotified')).toHaveLength(1);
  });
});
