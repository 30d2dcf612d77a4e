import type { Speaker } from './speak.js';

/** Of a vendor that shows to nobody what it took, and remembers no key: what was lost on the way proves nothing. */
export function lostAnswersProveNothing(speaking: () => Speaker): void {
  describe('a lost answer', () => {
    it.each([
      ['accept-then-drop', 1],
      ['accept-then-hang', 1],
      ['accept-then-502-html', 1],
      ['accept-then-garbage-json', 1],
      ['accept-then-cut-body', 1],
      ['drop-before-accept', 0],
    ] as const)('%s: nobody knows, and it bills %i', async (mishap, bill) => {
      const speaker = speaking();
      speaker.control({ submit: { mishap, times: 1 }, job: { seconds: 0 } });
      speaker.patienceMs = mishap === 'accept-then-hang' ? 500 : 5_000;
      const billed = await speaker.billed(async () =>
        expect(['lost', 'unreadable']).toContain((await speaker.submit(speaker.input())).kind),
      );
      expect(billed).toBe(bill);
    });
  });
}

/** Of a vendor that answers when the picture is done: nor can it be asked for anywhere. */
export function nothingCanBeAsked(speaking: () => Speaker): void {
  it('what was lost can be asked for nowhere', () => {
    const { adapter, model } = speaking();
    const lost = { ...speaking().input(), startedAt: 0, names: () => undefined };
    expect(adapter.lookup(lost)).toBeUndefined();
    expect(adapter.poll(model, 'x')).toBeUndefined();
    expect(adapter.cancel(model, 'x')).toBeUndefined();
  });
}
