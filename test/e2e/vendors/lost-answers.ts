import type { VendorWorld } from './vendor-world.js';

/** Of a vendor that can be asked for nothing: whatever became of an answer, nothing is submitted again. */
export function lostAnswersStayOpen(here: () => VendorWorld): void {
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
