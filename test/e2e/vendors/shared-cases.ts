import { getGeneration, tryCancel } from '../../faults/client.js';
import { until } from '../../faults/until.js';
import { credential, type VendorWorld } from './vendor-world.js';

/** What is the same at several vendors; each is asked for what its own account serves. */
type Here = () => VendorWorld;

/** One request, whatever befalls its submit: one submit and one charge. */
export async function endsWellOnce(world: VendorWorld, body: object = {}): Promise<void> {
  const before = world.vendor.book.submits;
  const bill = await world.billed(async () => {
    expect(await world.ended(await world.create(body))).toMatchObject({ status: 'succeeded', attempts: 1 });
  });
  expect(bill).toBe(1);
  expect(world.vendor.book.submits - before).toBe(1);
}

/** Of a vendor that can be asked for nothing: whatever became of an answer, nothing is submitted again. */
export function lostAnswersStayOpen(here: Here): void {
  it.each([
    ['accept-then-drop', 1],
    ['accept-then-502-html', 1],
    ['accept-then-garbage-json', 1],
    ['accept-then-cut-body', 1],
    ['drop-before-accept', 0],
  ] as const)(
    'an answer that was lost is an open question, submitted to nobody again: %s',
    async (mishap, bill) => {
      const world = here();
      world.vendor.control({ submit: { mishap, times: 1 } });
      const before = world.vendor.book.submits;
      const billed = await world.billed(async () => {
        await world.isUnknown(await world.create());
        // Another one goes all the way meanwhile: whoever would submit this one again had the time.
        expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
      });
      expect(billed).toBe(bill + 1);
      expect(world.vendor.book.submits - before).toBe(2);
    },
  );
}

/** Of a vendor whose webhook is signed and only a hint: what another key signed is refused, and harms nothing. */
export function wrongSignaturesAreRefused(here: Here): void {
  it('believes no webhook that another key signed', async () => {
    const world = here();
    world.vendor.control({ job: { seconds: 0.1 }, webhook: { wrongSignature: true } });
    const before = world.vendor.deliveries.length;
    expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
    await until('a try', 10, async () => (world.vendor.deliveries.length > before ? true : undefined));
    expect(world.vendor.deliveries.slice(before)).toContain(401);
    world.vendor.control({ job: { seconds: 0.1 } });
    expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
    await until('one that is taken', 10, async () =>
      world.vendor.deliveries.includes(204) ? true : undefined,
    );
  });
}

/** Of a vendor that charges for no failure of its own. */
export function freeFailuresAreTriedAgain(here: Here): void {
  it('tries again what the vendor failed at free of charge', async () => {
    const world = here();
    world.vendor.control({ job: { seconds: 0.1, end: 'failed' } });
    const id = await world.create();
    await until('the first failure', 30, async () =>
      (await getGeneration(world.target, id)).attempts > 1 ? true : undefined,
    );
    world.vendor.control({ job: { seconds: 0.1 } });
    expect(await world.ended(id)).toMatchObject({ status: 'succeeded' });
  });
}

/** @param body what is asked for beside the prompt */
export function isCanceledAtTheVendor(here: Here, seconds: number, body: object = {}): void {
  it('cancels what it has asked for', async () => {
    const world = here();
    world.vendor.control({ job: { seconds } });
    const id = await world.create(body);
    await until('the job', 10, async () =>
      (await getGeneration(world.target, id)).status === 'processing' ? true : undefined,
    );
    expect(await tryCancel(world.target, id)).toBe('taken');
    expect(await world.ended(id)).toMatchObject({ status: 'canceled' });
    expect(world.vendor.book.bill.at(-1)?.canceledAt).not.toBeNull();
  });
}

/** What the model does not make, by its sheet. */
export function isRefusedUnpaid(here: Here, bodies: readonly object[]): void {
  it.each(bodies)('refuses %j before the vendor is asked', async (body) => {
    const world = here();
    const before = world.vendor.book.submits;
    expect(await world.ask(body)).toMatchObject({ status: 422 });
    expect(world.vendor.book.submits).toBe(before);
  });
}

/** @param of the calls that must bear it; all of them, if nothing is said */
export function keyIsSaidToTheVendorAlone(
  here: Here,
  header: string,
  value: string,
  of: (path: string) => boolean = () => true,
): void {
  it('says its key to the vendor alone', () => {
    const world = here();
    const asked = world.vendor.calls.filter(({ path }) => of(path));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every(({ headers }) => headers[header] === value)).toBe(true);
    expect(world.printed).not.toContain(credential);
  });
}
