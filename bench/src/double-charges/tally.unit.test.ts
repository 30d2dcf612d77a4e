import { tally } from './tally.js';

const prompts = ['a', 'b', 'c', 'd'];

it('counts every charge after the first, whoever answered', () => {
  const counted = tally(prompts, ['a', 'b', 'a', 'a', 'c'], {
    answered: new Set(['a', 'b']),
    open: new Set(['c']),
  });
  expect(counted).toEqual({
    requests: 4,
    charges: 5,
    beyondOne: 2,
    chargedAgain: ['a'],
    neverCharged: 1,
    answered: 2,
    open: 1,
    lost: ['d'],
  });
});

it('a charge that nobody asked for is no figure but a mistake', () => {
  expect(() => tally(prompts, ['e'], { answered: new Set(), open: new Set() })).toThrow('nobody asked for');
});
