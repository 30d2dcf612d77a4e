import { newUuid } from '@darkroom/platform';
import { GatewayUnderTest } from './testing/gateway-under-test.js';
import { json, VendorDouble } from './testing/vendor-double.js';

it('a request that the bus never brought is found by the sweep, and submitted once', async () => {
  const gateway = await GatewayUnderTest.create();
  const vendor = await VendorDouble.start();
  try {
    vendor.says(({ method }) =>
      method === 'POST'
        ? json(201, { id: 'job_1', status: 'queued' })
        : json(200, { id: 'job_1', status: 'running' }),
    );
    const lost = await gateway.request('standard');
    // As if the bus had been told that it was done: the group reads on behind it.
    const { checkpoints } = gateway.store;
    const lease = await checkpoints.acquire('provider-gateway', newUuid(), 5, await gateway.store.head());
    await checkpoints.release('provider-gateway', lease?.fencing ?? 0n);

    await gateway.start(vendor.url, { sweep: { olderThanMs: 0, everyMs: 50 } });
    await gateway.when('accepted', lost, ({ phase }) => phase === 'processing');
    const started = (await gateway.types(lost)).filter((type) => type === 'SubmissionStarted');
    expect(started).toHaveLength(1);
  } finally {
    await gateway.drop();
    await vendor.stop();
  }
});
