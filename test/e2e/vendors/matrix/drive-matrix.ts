import { setTimeout as pause } from 'node:timers/promises';
import { DarkroomHere } from './darkroom-here.js';
import { drive, type Driven, look, provoke, rests } from './drive.js';
import { notApplicable } from './expected.js';
import { allMishaps, type Mishap, refused429, type Refused429, whyNot } from './mishaps.js';
import { MovedClock } from './moved-clock.js';
import type { Seen } from './seen.js';
import type { Subject } from './subjects.js';
import { tell } from './tell.js';

/** What became of one request of one vendor. */
export interface Cell {
  readonly vendor: string;
  readonly mishap: Mishap;
  readonly told: string;
  /** Undefined: nothing was driven, for the reason that is told. */
  readonly seen?: Seen;
}

/** One that is driven, or why it could not be. */
type Outcome = Driven | { readonly problem: string };
type Row = Map<Mishap, Outcome>;

/** Longer than anybody is made to wait. */
const aWhileSeconds = 301;
/** Nothing that is looked at again by the database's own clock is put off for so long. */
const putOffSeconds = 200;

/**
 * Drives every mishap at every vendor: the vendors side by side, the mishaps of one vendor one after the other, as its double is told one at
 * a time. What waits for longer than a moment is left until all do; then the clock is put forward once.
 */
export async function driveMatrix(subjects: readonly Subject[]): Promise<readonly Cell[]> {
  const clock = new MovedClock();
  clock.install();
  const darkroom = await DarkroomHere.start(subjects);
  try {
    const rows = await Promise.all(
      subjects.map(async (subject) => ({ subject, row: await driveRow(darkroom, subject) })),
    );
    clock.forward(aWhileSeconds);
    await darkroom.bringNearer(aWhileSeconds, 0);
    await whileNearer(
      darkroom,
      rows.map(async ({ subject, row }) =>
        forRefused(row, async (id, mishap) => rests(darkroom, subject, mishap, id, Infinity)),
      ),
    );
    const cells = rows.flatMap(({ subject, row }) =>
      [...row].map(([mishap, outcome]) => cellOf(darkroom, subject, mishap, outcome)),
    );
    return [...(await Promise.all(cells)), ...subjects.flatMap(undriven)];
  } finally {
    await darkroom.stop();
    clock.restore();
  }
}

/** What is put off from now on is put off by a clock that the database does not go by. */
async function whileNearer(darkroom: DarkroomHere, work: readonly Promise<void>[]): Promise<void> {
  const done = Promise.all(work).then(() => true);
  while (!(await Promise.race([done, pause(500, false)])))
    await darkroom.bringNearer(aWhileSeconds, putOffSeconds);
}

const isRefused429 = (mishap: Mishap): mishap is Refused429 =>
  refused429.some((candidate) => candidate === mishap);

async function driveRow(darkroom: DarkroomHere, subject: Subject): Promise<Row> {
  const row: Row = new Map();
  for (const mishap of allMishaps.filter((candidate) => whyNot(candidate, subject) === undefined))
    row.set(
      mishap,
      await attempted(async () =>
        isRefused429(mishap) ? provoke(darkroom, subject, mishap) : drive(darkroom, subject, mishap),
      ),
    );
  await forRefused(row, async (id, mishap) => rests(darkroom, subject, mishap, id));
  return row;
}

/** All at once. */
async function forRefused(row: Row, act: (id: string, mishap: Mishap) => Promise<void>): Promise<void> {
  await Promise.all(
    refused429.map(async (mishap) => {
      const outcome = row.get(mishap);
      if (outcome === undefined || 'problem' in outcome) return;
      const after = await attempted(async () => {
        await act(outcome.id, mishap);
        return outcome;
      });
      row.set(mishap, after);
    }),
  );
}

async function attempted(act: () => Promise<Driven>): Promise<Outcome> {
  try {
    return await act();
  } catch (error) {
    return { problem: String(error) };
  }
}

async function cellOf(
  darkroom: DarkroomHere,
  subject: Subject,
  mishap: Mishap,
  outcome: Outcome,
): Promise<Cell> {
  const { vendor } = subject;
  if ('problem' in outcome) return { vendor, mishap, told: `not driven: ${outcome.problem}` };
  const seen = await look(darkroom, subject, outcome);
  return { vendor, mishap, told: tell(mishap, seen), seen };
}

/** What stands where nothing was driven, for a reason. */
const undriven = (subject: Subject): Cell[] =>
  allMishaps.flatMap((mishap) => {
    const why = whyNot(mishap, subject);
    return why === undefined ? [] : [{ vendor: subject.vendor, mishap, told: notApplicable(why) }];
  });
