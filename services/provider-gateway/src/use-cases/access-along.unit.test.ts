import type { ProviderAccount } from '../accounts.js';
import { modelDirectory } from '../accounts.js';
import { accessAlong } from './access-along.js';

const account = (id: string, vendor: string): ProviderAccount => ({
  id,
  vendor,
  baseUrl: 'https://api.example.com',
  credential: 'k',
  privateAddress: false,
});
const accessTo = modelDirectory([
  account('first', 'stability'),
  account('another', 'stability'),
  account('second', 'runware'),
]);
const [planned, next] = ['stability/core', 'runware/runware:101@1'];
const route = [planned, next];

const wayOf = (
  running: readonly string[],
  { bound, claimed = null }: { bound?: string; claimed?: string | null } = {},
) =>
  accessAlong(
    { accessTo, accounts: { isRunning: (id) => running.includes(id) } },
    { claim: { holdsSlot: claimed !== null, account: claimed } },
    { requested: { route }, bound: bound === undefined ? undefined : { model: planned, account: bound } },
    planned,
  );
const goesTo = (...asked: Parameters<typeof wayOf>) => wayOf(...asked)?.access.account.id;

it('goes to the first of the route that runs, else to the planned one', () => {
  expect(goesTo(['first', 'second'])).toBe('first');
  expect(goesTo(['second'])).toBe('second');
  expect(goesTo([])).toBe('first');
});

it('goes where it was claimed for', () => {
  expect(goesTo(['first', 'second'], { claimed: 'second' })).toBe('second');
});

it('stays at the account whose second charge was accepted, whatever runs', () => {
  expect(goesTo(['second'], { bound: 'first' })).toBe('first');
  expect(goesTo(['second'], { bound: 'first', claimed: 'second' })).toBe('first');
  // Not the vendor's first one: what is accepted is accepted for one.
  expect(goesTo(['first'], { bound: 'another' })).toBe('another');
});

it('tells where else it may go: along the route, whatever runs, and nowhere where it is bound', () => {
  expect(wayOf(['first', 'second'])?.elsewhere).toEqual(['second']);
  expect(wayOf(['second'])?.elsewhere).toEqual(['first']);
  expect(wayOf([], { claimed: 'second' })?.elsewhere).toEqual(['first']);
  expect(wayOf(['second'], { bound: 'first' })?.elsewhere).toEqual([]);
});
