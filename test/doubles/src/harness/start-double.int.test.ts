import { falProtocol } from '../fal/protocol.js';
import { startDouble } from './start-double.js';

/** Which of so many submits got no answer. */
async function lostOf(count: number, seed: number): Promise<number[]> {
  const double = await startDouble(falProtocol());
  double.control({ submit: { mishap: 'accept-then-drop', chance: 0.2, seed } });
  const lost: number[] = [];
  try {
    for (let n = 0; n < count; n += 1)
      await fetch(`${double.url}/fal-ai/flux/schnell`, {
        method: 'POST',
        headers: { authorization: 'Key secret' },
        body: JSON.stringify({ prompt: 'a boat' }),
      }).then(
        (answer) => answer.text(),
        () => lost.push(n),
      );
    expect(double.book.bill).toHaveLength(count);
    return lost;
  } finally {
    await double.stop();
  }
}

it('with a seed, the same submits lose their answers in every run', async () => {
  const lost = await lostOf(50, 7);
  expect(lost.length).toBeGreaterThan(3);
  expect(await lostOf(50, 7)).toEqual(lost);
  expect(await lostOf(50, 8)).not.toEqual(lost);
});
