import type { WaitingPlace } from '@darkroom/work-table';
import { rerouteWaiting } from './reroute-waiting.js';

const placeOf = (nth: number): WaitingPlace => ({
  since: `2026-01-01 00:00:0${nth}+00`,
  generation: `row ${nth}`,
});

/** Accounts whose queues are so many calls long. */
function world(calls: number) {
  const asked: string[] = [];
  let ms = 0;
  const reroute = rerouteWaiting({
    accounts: ['first', 'second', 'third'],
    jobs: {
      wakeWaiting: async (account, after) => {
        const nth = after === null ? 0 : Number(after.generation.slice('row '.length));
        asked.push(`${account} ${nth}`);
        return nth + 1 < calls ? placeOf(nth + 1) : null;
      },
    },
    now: () => ms,
  });
  return {
    /** Whose rows were woken, and from which place on. */
    async at(seconds: number, running: readonly string[]): Promise<readonly string[]> {
      ms = seconds * 1_000;
      await reroute((id) => running.includes(id));
      return asked.splice(0);
    },
  };
}

it('walks along the queue of who is away, a call at a time, and rests at its end', async () => {
  const on = world(2);
  expect(await on.at(0, ['second', 'third'])).toEqual(['first 0']);
  expect(await on.at(1, ['second', 'third'])).toEqual(['first 1']);
  expect(await on.at(2, ['second', 'third'])).toEqual([]);
  expect(await on.at(30.9, ['second', 'third'])).toEqual([]);
  expect(await on.at(31, ['second', 'third'])).toEqual(['first 0']);
});

it('wakes nothing while all run, or none does', async () => {
  const on = world(1);
  expect(await on.at(0, ['first', 'second', 'third'])).toEqual([]);
  expect(await on.at(1, [])).toEqual([]);
});

it('begins at once when an account is away anew, or another runs that did not', async () => {
  const on = world(1);
  expect(await on.at(0, ['second', 'third'])).toEqual(['first 0']);
  expect(await on.at(1, ['first', 'second', 'third'])).toEqual([]);
  expect(await on.at(2, ['second', 'third'])).toEqual(['first 0']);
  expect(await on.at(3, ['third'])).toEqual(['second 0']);
  expect(await on.at(4, ['second', 'third'])).toEqual(['first 0']);
});
