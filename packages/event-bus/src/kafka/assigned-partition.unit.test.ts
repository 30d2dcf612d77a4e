import { AssignedPartition } from './assigned-partition.js';

const partition = (): AssignedPartition =>
  new AssignedPartition({ topic: 'generation.events', partition: 0 }, new AbortController().signal);

describe('how far behind a partition is', () => {
  it('is nothing before it is known where it starts and ends', () => {
    const one = partition();
    expect([one.behind, one.oldestOpen]).toEqual([0, undefined]);
    one.end = 7n;
    expect(one.behind).toBe(0);
  });

  it('is what is not done in order, up to its end, with the age of the oldest that is open', () => {
    const one = partition();
    one.startAt(10n);
    one.end = 14n;
    expect(one.behind).toBe(4);
    const [first, second] = [one.take(10n, 1_000), one.take(11n, 2_000)];
    one.finish(second);
    // Done, and not in order: it would come again.
    expect([one.behind, one.oldestOpen]).toEqual([4, 1_000]);
    one.finish(first);
    expect([one.behind, one.oldestOpen]).toEqual([2, undefined]);
  });
});
