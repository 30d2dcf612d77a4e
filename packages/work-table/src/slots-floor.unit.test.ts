import { slotsFloor } from './slots-floor.js';

it('the floor of slots is asked for once a second from where it was, and every ten from the beginning', async () => {
  let clock = 0;
  const asked: [string, bigint][] = [];
  const floor = slotsFloor(
    async (account, beyond) => {
      asked.push([account, beyond]);
      return 40n;
    },
    () => clock,
  );
  expect(await floor.of('a')).toBe(40n);
  clock = 999;
  await floor.of('a');
  await floor.of('b');
  clock = 1_000;
  await floor.of('a');
  clock = 10_000;
  await floor.of('a');
  expect(asked).toEqual([
    ['a', 0n],
    ['b', 0n],
    ['a', 40n],
    ['a', 0n],
  ]);
});
