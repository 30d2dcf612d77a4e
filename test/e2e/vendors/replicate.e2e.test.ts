import { type ControlsInput, replicateProtocol, startDouble } from '@darkroom/vendor-doubles';
import { until } from '../../faults/until.js';
import { endsWellOnce, keyIsSaidToTheVendorAlone } from './shared-cases.js';
import { credential, VendorWorld } from './vendor-world.js';

const model = 'replicate/black-forest-labs/flux-schnell';
const webhookSecret = `whsec_${Buffer.from('a secret of this vendor').toString('base64')}`;
const size = '1344x768';
let world: VendorWorld;

beforeAll(async () => {
  const vendor = await startDouble(replicateProtocol({ webhookSecret }));
  const account = { base_url: `${vendor.url}/v1`, webhook_secrets: [{ env: 'WEBHOOK_SECRET' }] };
  world = await VendorWorld.start(vendor, model, account, { WEBHOOK_SECRET: webhookSecret });
});
afterAll(() => world.stop());
beforeEach(() => world.vendor.control({}));

it('asks the vendor once, and serves the pictures that it verified', async () => {
  const bill = await world.billed(async () => {
    const resource = await world.ended(
      await world.create({ size, count: 2, output_format: 'webp', seed: 99 }),
    );
    expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(resource.artifacts).toHaveLength(2);
    expect(await world.picture(resource.artifacts[0]?.content_url)).toMatchObject({
      format: 'webp',
      width: 1344,
      height: 768,
    });
  });
  expect(bill).toBe(1);
  expect(world.vendor.book.bill.at(-1)).toMatchObject({ order: { seed: 99, count: 2 } });
});

it.each<[string, ControlsInput]>([
  ['its answer is dropped', { submit: { mishap: 'accept-then-drop', times: 1 } }],
  ['a proxy answers 502', { submit: { mishap: 'accept-then-502-html', times: 1 } }],
  ['its answer cannot be read', { submit: { mishap: 'accept-then-garbage-json', times: 1 } }],
  ['its answer ends in the middle', { submit: { mishap: 'accept-then-cut-body', times: 1 } }],
  [
    'it is listed late',
    { submit: { mishap: 'accept-then-drop', times: 1 }, list: { lagSeconds: 3 }, webhook: { send: false } },
  ],
  ['only the webhook tells', { submit: { mishap: 'accept-then-drop', times: 1 }, list: { lagSeconds: 600 } }],
])('is charged once where the submit was taken and %s', async (_what, controls) => {
  world.vendor.control(controls);
  await endsWellOnce(world, { size });
});

it('shows as an open question what nobody can tell, and submits it to nobody again', async () => {
  world.vendor.control({ submit: { mishap: 'drop-before-accept', times: 1 } });
  const submits = world.vendor.book.submits;
  const id = await world.create({ size });
  await world.isUnknown(id);
  const looks = () =>
    world.vendor.calls.filter(({ method, path }) => method === 'GET' && path.endsWith('/predictions')).length;
  const before = looks();
  await until('three more looks', 30, async () => (looks() >= before + 3 ? true : undefined));
  expect(world.vendor.book.submits - submits).toBe(1);
});

it.each<ControlsInput['output']>([
  { spoilt: '404', times: 1 },
  { spoilt: 'truncated', times: 1 },
  { spoilt: 'html', times: 1 },
])('fetches a picture again where it came as %j', async (output) => {
  world.vendor.control({ output });
  await endsWellOnce(world, { size });
});

it.each<ControlsInput['output']>([{ spoilt: 'bomb' }, { spoilt: 'redirect-loopback' }])(
  'is not led astray by a picture that is %j',
  async (output) => {
    world.vendor.control({ output });
    expect(await world.ended(await world.create({ size }), 60)).toMatchObject({
      status: 'failed',
      error: { code: 'artifact_unrecoverable', charge: 'certain' },
    });
  },
);

it('waits where the vendor has no room, and asks again', async () => {
  world.vendor.control({ refuse: { status: 429, retryAfter: '1', times: 2 } });
  const bill = await world.billed(async () => {
    expect(await world.ended(await world.create({ size }))).toMatchObject({ status: 'succeeded' });
  });
  expect(bill).toBe(1);
});

it.each<[string, ControlsInput, object]>([
  ['moderated', { job: { end: 'moderated' } }, { code: 'content_rejected', charge: 'certain' }],
  ['failed', { job: { end: 'failed' } }, { code: 'provider_failed', charge: 'certain' }],
  ['without pictures', { job: { end: 'nothing' } }, { charge: 'certain' }],
  ['refused as invalid', { refuse: { status: 422 } }, { code: 'invalid_request', charge: 'none' }],
])('says honestly that it was %s', async (_what, controls, error) => {
  world.vendor.control(controls);
  expect(await world.ended(await world.create({ size }))).toMatchObject({ status: 'failed', error });
});

it.each([
  ['a size that the model does not make', { size: '1000x1000' }, 'size'],
  ['more pictures than it makes', { size, count: 5 }, 'count'],
  ['a model of a vendor without an account', { model: 'sim/standard' }, 'model'],
])('refuses %s before anything is paid for', async (_what, change, field) => {
  const before = world.vendor.book.submits;
  const { status, text } = await world.ask(change);
  expect(status).toBe(422);
  expect(text).toContain(field);
  expect(world.vendor.book.submits).toBe(before);
});

it('offers what the account serves, with the sizes', async () => {
  const answer = await fetch(`${world.target.intake}/v1/models`, {
    headers: { authorization: `Bearer ${world.target.demo_key}` },
  });
  expect(await answer.json()).toMatchObject({
    data: [
      { id: model, default: true, limits: { sizes: expect.arrayContaining([size]) } },
      { id: 'replicate/black-forest-labs/flux-dev' },
    ],
  });
});

keyIsSaidToTheVendorAlone(() => world, 'authorization', `Bearer ${credential}`);
