import type { GenerationState } from '@darkroom/domain';
import { GatewayUnderTest, until } from './testing/gateway-under-test.js';
import { json, refusal, VendorDouble } from './testing/vendor-double.js';

let gateway: GatewayUnderTest;
let vendor: VendorDouble;

beforeEach(async () => {
  gateway = await GatewayUnderTest.create();
  vendor = await VendorDouble.start();
});
const random = Math.random;
afterEach(async () => {
  Math.random = random;
  await gateway.drop();
  await vendor.stop();
});

const picture = 'https://files.bfl.ai/a.png';
const isRunning = ({ phase }: GenerationState): boolean => phase === 'processing';
const isCanceled = ({ phase }: GenerationState): boolean => phase === 'canceled';

/** When jobs began and end, and how many ran at once. */
class Jobs {
  private readonly ends = new Map<string, number>();
  readonly begun: number[] = [];
  most = 0;
  constructor(private readonly ms: number) {}

  begin(): string {
    const id = `job_${this.ends.size}`;
    this.ends.set(id, Date.now() + this.ms);
    this.begun.push(Date.now());
    this.most = Math.max(this.most, [...this.ends.values()].filter((end) => end > Date.now()).length);
    return id;
  }

  endAll(): void {
    for (const id of this.ends.keys()) this.ends.set(id, Date.now());
  }

  isOver(id: string): boolean {
    return (this.ends.get(id) ?? Infinity) <= Date.now();
  }
}

describe('at a vendor that can cancel nothing', () => {
  const model = 'bfl/flux-2-pro';
  const start = async (concurrent: number): ReturnType<GatewayUnderTest['start']> => {
    const where = { id: 'bfl', vendor: 'bfl', baseUrl: vendor.url, privateAddress: true };
    return gateway.start(vendor.url, {
      accounts: [{ ...where, credential: 'a key', limits: { concurrent } }],
    });
  };
  const request = async (): Promise<string> => gateway.request('', { route: [model] });
  /** Its jobs take so long, whatever is asked of them. */
  const jobsOf = (ms: number): Jobs => {
    const jobs = new Jobs(ms);
    vendor.says(({ method, path }) => {
      if (method === 'POST') return json(200, { id: jobs.begin() });
      const id = new URL(path, vendor.url).searchParams.get('id') ?? '';
      return json(
        200,
        jobs.isOver(id) ? { id, status: 'Ready', result: { sample: picture } } : { id, status: 'Pending' },
      );
    });
    return jobs;
  };

  it('a canceled job keeps its slot while it runs, and all others get their turn', async () => {
    const jobs = jobsOf(1_000);
    const stopping = await start(2);
    await start(2);
    const all = await Promise.all(Array.from({ length: 8 }, request));
    const canceling = all.map(async (generation) => {
      await gateway.when('running', generation, isRunning, 60);
      await gateway.cancel(generation);
      await gateway.when('canceled', generation, isCanceled);
    });
    await until(20, async () => (jobs.begun.length >= 4 ? {} : 'not half of them'));
    await stopping.stop();
    await Promise.all(canceling);
    expect(jobs.begun).toHaveLength(8);
    expect(jobs.most).toBe(2);
    for (const generation of all)
      await gateway.whenRow('let go', generation, ({ holdsSlot }) => !holdsSlot, 40);
  });

  it("the client's end does not wait for the vendor's, and the slot does", async () => {
    const jobs = jobsOf(3_600_000);
    await start(1);
    const generation = await request();
    await gateway.when('running', generation, isRunning);
    await gateway.cancel(generation);
    await gateway.when('canceled', generation, isCanceled);
    const looks = vendor.calls.length;
    await until(20, async () => (vendor.calls.length > looks + 1 ? {} : 'two looks'));
    await gateway.whenRow('keeps it', generation, ({ holdsSlot, holder }) => holdsSlot && holder === null);
    jobs.endAll();
    await gateway.whenRow('let go', generation, ({ holdsSlot }) => !holdsSlot);
  });

  it('a job whose deadline is over keeps its slot too', async () => {
    const jobs = jobsOf(4_000);
    await start(1);
    const first = await gateway.request('', { route: [model], deadlineMs: 1_500 });
    await gateway.when('running', first, isRunning);
    await request();
    await gateway.when('failed', first, ({ phase }) => phase === 'failed', 20);
    await until(20, async () => (jobs.begun.length >= 2 ? {} : 'no second job'));
    expect(jobs.most).toBe(1);
  });
});

it('a job whose vendor confirms no cancel keeps its slot beyond the grace, until a look shows that it is over', async () => {
  const jobs = new Jobs(13_000);
  vendor.says(({ method, path }) => {
    if (method === 'POST' && path === '/v1/jobs') return json(201, { id: jobs.begin(), status: 'queued' });
    const id = path.split('/')[3] ?? '';
    return json(
      200,
      jobs.isOver(id) ? { id, status: 'succeeded', outputs: [{ url: picture }] } : { id, status: 'running' },
    );
  });
  // Waits without their spread.
  Math.random = () => 0.5;
  await gateway.start(vendor.url, { slots: 1 });
  const first = await gateway.request('standard');
  await gateway.when('running', first, isRunning);
  await gateway.cancel(first);
  await gateway.request('standard');
  await gateway.when('canceled', first, isCanceled, 15);
  expect(jobs.begun).toHaveLength(1);
  await until(30, async () => (jobs.begun.length >= 2 ? {} : 'no second job'));
  expect(jobs.most).toBe(1);
  // Asked the more seldom the longer it takes: not every second.
  const cancels = vendor.calls.filter(({ path }) => path.endsWith('/cancel')).map(({ at }) => at);
  const gaps = cancels.slice(1).map((at, n) => at - (cancels[n] ?? 0));
  expect(gaps.length).toBeGreaterThan(1);
  // A busy machine asks less often than that.
  expect(cancels.length).toBeLessThan(13);
  expect(Math.max(...gaps)).toBeGreaterThan(1_500);
});

it('a try that follows at once is made in the slot of the one before', async () => {
  vendor.says(() => refusal(503, 'internal'));
  const held: boolean[] = [];
  const at = async (line: number, generation: string): Promise<void> => {
    if (line !== 1) return;
    const { holdsSlot } = await gateway.whenRow('there', generation, () => true);
    held.push(holdsSlot);
  };
  await gateway.start(vendor.url, { slots: 1, retry: { baseSeconds: 0 } }, { at });
  await gateway.request('standard');
  await until(20, async () => (held.length >= 3 ? {} : 'three tries'));
  expect(held.slice(0, 3)).toEqual([true, true, true]);
});
