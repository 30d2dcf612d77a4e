import { randomUUID } from 'node:crypto';
import { projectDetail } from '@darkroom/read-models';
import { sampleEvent } from '@darkroom/read-models/testing';
import { ControlPlaneUnderTest, problemOf, type Subject } from './testing/control-plane-under-test.js';

let ops: ControlPlaneUnderTest;
beforeAll(async () => {
  ops = await ControlPlaneUnderTest.create();
});
afterAll(async () => {
  await ops.drop();
});

describe('finds', () => {
  let question: Subject;
  let orphan: Subject;
  beforeAll(async () => {
    // Older than what is looked for, and nobody's business who looks for a tenant's own.
    const elsewhere = randomUUID();
    await ops.append(elsewhere, 0, [sampleEvent('GenerationRequested')], 'elsewhere');
    question = await ops.unknown();
    orphan = await ops.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionAccepted', { vendorJobId: 'job-found' }),
      sampleEvent('PaidOrphanRecorded', { vendorJobId: 'job-twice' }),
    );
    await projectDetail({ sql: ops.database.sql, store: ops.store }, [
      elsewhere,
      question.stream,
      orphan.stream,
    ]);
  });

  it.each([
    ['by id', () => `id=${question.id}`, () => [question.id]],
    ['by state', () => 'state=unresolved', () => [question.id]],
    ['by job id', () => 'vendor_job_id=job-twice', () => [orphan.id]],
    ['by tenant and status', () => 'tenant=acme&status=processing', () => [question.id, orphan.id]],
    ['nothing of another tenant', () => 'tenant=other', () => []],
    ['nothing by an id that is none', () => 'id=gen_1', () => []],
  ])('%s', async (_what, query, ids) => {
    const { data, next } = await ops.found(`generations?${query()}`);
    expect(new Set(data.map((one) => one['id']))).toEqual(new Set(ids()));
    expect(next).toBeNull();
  });

  it('page by page', async () => {
    const first = await ops.found('generations?tenant=acme&limit=1');
    const second = await ops.found(`generations?tenant=acme&limit=1&after=${first.next}`);
    expect(new Set([...first.data, ...second.data].map((one) => one['id']))).toEqual(
      new Set([question.id, orphan.id]),
    );
    expect(second.next).toBeNull();
  });

  it('what was erased as erased: no prompt, no raw reply, no link of a vendor', async () => {
    const { stream, id } = await ops.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionOutcomeUnknown'),
      sampleEvent('GenerationFailed'),
    );
    const secrets = /red bicycle in the rain|hush|vendor\.example/;
    const asText = async (): Promise<string> => (await ops.call(`/ops/v1/generations/${id}`)).text();
    expect(await asText()).toMatch(secrets);
    await ops.append(stream, 4, [sampleEvent('PersonalDataErased')]);
    await ops.store.erasePersonal(stream, 'acme');
    expect(await asText()).not.toMatch(secrets);
    expect(await ops.look(id)).toMatchObject({ erased: true, prompt: null });
    // Whatever is asked of it now is refused by name: nothing could be sent again.
    const { decision_version: version } = await ops.look(id);
    const retry = await ops.post(id, 'retry', {
      reason: 'x',
      expected_version: version,
      accept_double_charge: true,
    });
    expect([retry.status, (await problemOf(retry)).errors?.[0]?.code]).toEqual([409, 'already_erased']);
  });

  it('attempts that are open questions', async () => {
    const { data } = await ops.found('unresolved');
    expect(data).toMatchObject([
      { generation: question.id, tenant: 'acme', decision_version: 3, number: 1, needs_person: true },
    ]);
  });

  it('paid orphans', async () => {
    const { data } = await ops.found('orphans');
    expect(data).toMatchObject([
      { generation: orphan.id, attempt: 1, vendor_job_id: 'job-twice', charge: 'certain' },
    ]);
  });

  it.each([
    'generations?limit=0',
    'generations?limit=1000',
    'generations?state=odd',
    'generations?color=red',
    'generations?after=x',
    'unresolved?after=x',
    'audit?limit=-1',
    'audit?after=x',
  ])('fault with %s', async (path) => {
    const response = await ops.call(`/ops/v1/${path}`);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toMatch(/^invalid_(query|cursor)$/);
  });
});
