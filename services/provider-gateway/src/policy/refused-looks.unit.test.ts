import { refusedLooks } from './refused-looks.js';

it('counts generations, and not how often each was refused', () => {
  const looks = refusedLooks();
  expect([looks.refused('one', 'a'), looks.refused('one', 'a'), looks.refused('one', 'b')]).toEqual([
    1, 1, 2,
  ]);
  expect(looks.refused('other', 'c')).toBe(1);
});

it('begins anew as soon as the account is seen to work', () => {
  const looks = refusedLooks();
  looks.refused('one', 'a');
  looks.answered('one');
  expect(looks.refused('one', 'b')).toBe(1);
});

it('heeds each generation once: those that stay refused do not hold the account up again and again', () => {
  const looks = refusedLooks();
  looks.refused('one', 'a');
  looks.refused('one', 'b');
  looks.heeded('one');
  expect([looks.refused('one', 'a'), looks.refused('one', 'b')]).toEqual([0, 0]);
  expect([looks.refused('one', 'c'), looks.refused('one', 'd')]).toEqual([1, 2]);
});
