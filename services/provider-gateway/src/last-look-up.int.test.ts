import type { GenerationState } from '@darkroom/domain';
import { GatewayUnderTest, until } from './testing/gateway-under-test.js';
import { json, refusal, VendorDouble } from './testing/vendor-double.js';

let gateway: GatewayUnderTest;
let vendor: VendorDouble;

beforeEach(async () => {
  gateway = await GatewayUnderTest.create();
  vendor = await VendorDouble.start();
});
afterEach(async () => {
  await gateway.drop();
  await vendor.stop();
});

const isWaiting = ({ phase }: GenerationState): boolean => phase === 'waiting';
const listings = () => vendor.calls.filter(({ method, path }) => method === 'GET' && path.includes('?'));

it('before another submit is put off for as long as the vendor wants to be left alone', async () => {
  let isBusy = false;
  vendor.says(({ method }) => {
    if (method === 'POST') return { status: 200, cut: 'before' };
    return isBusy
      ? refusal(429, 'slow_down', { 'retry-after': '6' })
      : json(200, { data: [], has_more: false });
  });
  await gateway.start(vendor.url, { retry: { baseSeconds: 1 } });
  const generation = await gateway.request('standard');
  await gateway.when('proven not there', generation, isWaiting, 60);
  isBusy = true;
  const before = listings().length;
  await until(60, async () => (listings().length >= before + 2 ? {} : 'two looks'));
  const [one, two] = listings().slice(before);
  expect((two?.at ?? 0) - (one?.at ?? 0)).toBeGreaterThan(5_900);
  expect(vendor.submits).toHaveLength(1);
});
