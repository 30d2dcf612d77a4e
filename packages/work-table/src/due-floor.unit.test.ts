import { dueFloor } from './due-floor.js';

const at = (seconds: number): Date => new Date(seconds * 1_000);

describe('the floor of what is due', () => {
  it('stands a margin behind the end of the last look, and is left out of every look of ten seconds', () => {
    let clock = 0;
    const floor = dueFloor(() => clock);
    expect(floor.next()).toBeNull();
    floor.looked({ at: at(100), reachedTheEnd: true, lastDue: at(90) });
    expect(floor.next()).toEqual(at(98));
    clock = 9_999;
    expect([floor.next(), floor.present()]).toEqual([at(98), at(98)]);
    clock = 10_000;
    // One that failed is asked for again.
    expect([floor.next(), floor.next(), floor.present()]).toEqual([null, null, at(98)]);
    floor.looked({ at: at(90), reachedTheEnd: true, lastDue: null });
    // The clock of the database was set back.
    expect(floor.next()).toEqual(at(88));
  });

  it('stays where it was until something is known to lie behind it', () => {
    const floor = dueFloor(() => 0);
    floor.next();
    floor.looked({ at: at(100), reachedTheEnd: false, lastDue: at(50) });
    expect(floor.next()).toEqual(at(48));
    floor.looked({ at: at(101), reachedTheEnd: false, lastDue: null });
    expect(floor.next()).toEqual(at(48));
  });
});
