import { cancelDelay, mayRunUntil, pollDelay, settleDelay } from './pace.js';

const usual = { p50Ms: 10_000, p95Ms: 30_000, isSeen: true };
const accepted = 1_000_000;
/** At this age of the job, dice in the middle. */
const delayAt = (age: number, of = usual): number =>
  pollDelay({ acceptedAt: accepted }, accepted + age, of, 0.5);

it('looks a little before half of the jobs are done, then more often while most end, then more seldom', () => {
  expect(delayAt(0)).toBe(9_000);
  expect(delayAt(9_000)).toBe(2_250);
  expect(delayAt(25_000)).toBe(5_000);
  expect(delayAt(60_000)).toBe(15_000);
  expect(delayAt(3_600_000)).toBe(30_000);
});

it('looks early where nothing but the sheet says how long jobs take, and the more seldom the older the job is', () => {
  const supposed = { ...usual, isSeen: false };
  expect(delayAt(0, supposed)).toBe(2_000);
  expect(delayAt(2_000, supposed)).toBe(2_000);
  expect(delayAt(8_000, supposed)).toBe(4_000);
  expect(delayAt(12_000, supposed)).toBe(delayAt(12_000));
});

it('never comes more often than makes sense, nor stays away for a minute', () => {
  const fast = { p50Ms: 10, p95Ms: 20, isSeen: true };
  expect(delayAt(0, fast)).toBe(200);
  expect(delayAt(100, fast)).toBe(300);
  expect(delayAt(0, { p50Ms: 600_000, p95Ms: 900_000, isSeen: true })).toBe(60_000);
});

it('spreads what started together by a fifth to both sides', () => {
  const at = (random: number): number => pollDelay({ acceptedAt: accepted }, accepted, usual, random);
  expect([at(0), at(0.9999)]).toEqual([7_200, 10_800]);
});

describe('an open question', () => {
  const hour = 3_600_000;
  const asked = (age: number, repeats: boolean): number =>
    settleDelay({ unknownSince: accepted }, accepted + age, 0.5, repeats);

  it('is asked anew within a minute, however old it is', () => {
    expect([0, 10_000, hour, 24 * hour].map((age) => asked(age, false))).toEqual([
      1_000, 5_000, 60_000, 60_000,
    ]);
  });

  it('is sent again the more seldom the older it is: a day of it leaves fewer than a hundred', () => {
    expect([0, 10_000, 600_000].map((age) => asked(age, true))).toEqual([1_000, 5_000, 60_000]);
    let times = 0;
    for (let age = 0; age < 24 * hour; age += asked(age, true)) times += 1;
    expect(times).toBeLessThan(100);
  });
});

describe('the next cancel', () => {
  const since = 1_000_000;
  const grace = 1_200_000;
  /** So long after the end was asked for. */
  const cancelAt = (age: number, random = 0.5): number =>
    cancelDelay(since, since + grace, since + age, random);

  it('comes the later the longer the end was asked for, from a second to half a minute', () => {
    expect([0, 4_000, 20_000, 120_000, 600_000].map((age) => cancelAt(age))).toEqual([
      1_000, 1_000, 5_000, 30_000, 30_000,
    ]);
  });

  it('is spread by a fifth to both sides', () => {
    expect([cancelAt(20_000, 0), cancelAt(20_000, 0.9999)]).toEqual([4_000, 6_000]);
  });

  it('does not come when the time to confirm is over: then the run ends', () => {
    expect(cancelAt(grace - 7_000)).toBe(7_000);
    expect(cancelAt(grace)).toBe(50);
  });

  it('asks a vendor with a grace of twenty minutes some fifty times', () => {
    let times = 0;
    for (let age = 0; age < grace; age += cancelAt(age)) times += 1;
    expect(times).toBeGreaterThan(40);
    expect(times).toBeLessThan(60);
  });
});

describe('a job that was left running', () => {
  const leftAt = accepted + 5_000;
  const until = (p95Ms: number, canBeAsked: boolean, left = leftAt): number =>
    mayRunUntil({ acceptedAt: accepted }, left, { ...usual, p95Ms }, canBeAsked);

  it('counts as running until a look shows that it is over: twice as long as nearly all take, a minute at least', () => {
    expect(until(50_000, true)).toBe(leftAt + 100_000);
    expect(until(2_000, true)).toBe(leftAt + 60_000);
  });

  it('counts as running as long as nearly all jobs do where nobody can be asked', () => {
    expect(until(30_000, false)).toBe(accepted + 30_000);
    // It has outlived them already.
    expect(until(30_000, false, accepted + 40_000)).toBe(accepted + 30_000);
  });
});
