import { gateFor } from './decode-gate.js';

describe('the gate before the decoder', () => {
  it('lets no more through than it has places, in their order, and goes on after a failure', async () => {
    const gate = gateFor(2);
    const order: number[] = [];
    let inside = 0;
    let most = 0;
    const outcomes = await Promise.allSettled(
      [0, 1, 2, 3, 4, 5].map(async (n) =>
        gate.run(async () => {
          order.push(n);
          inside += 1;
          most = Math.max(most, inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside -= 1;
          if (n === 1) throw new Error('broken');
        }),
      ),
    );
    expect([most, order]).toEqual([2, [0, 1, 2, 3, 4, 5]]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      true,
      true,
      true,
    ]);
  });
});
