import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { GenerationState } from '@darkroom/domain';
import { isFinal } from '@darkroom/domain';
import type { CapabilitySheet } from '@darkroom/providers';
import { until } from '../../../faults/until.js';
import { answersAtOnce, controlsOf, inAWhile, isHeld, retryAfterOf, webhooksOf } from './controls.js';
import type { DarkroomHere } from './darkroom-here.js';
import { expected } from './expected.js';
import type { Mishap, Other, Refused429 } from './mishaps.js';
import { isOpenQuestion, type Seen } from './seen.js';
import type { Subject } from './subjects.js';

/** A request that something befell. */
export interface Driven {
  readonly id: string;
  /** Part of its prompt, and of no other's. */
  readonly mark: string;
  readonly pausedBy: string | null;
  readonly toldUntil: number | null;
}

/** The vendors are driven side by side: each is looked at not too often. */
const lookMs = 150;

/** Brings it about, and stays until the request has ended or nothing more can be expected of it. */
export async function drive(darkroom: DarkroomHere, subject: Subject, mishap: Other): Promise<Driven> {
  const mark = randomUUID();
  const { vendor, double } = subject;
  await darkroom.forgetRefusals(vendor);
  double.control(controlsOf(mishap, subject, mark));
  const id = await ask(darkroom, subject, mark);
  if (mishap === 'cancel') await cancelOnceRunning(darkroom, subject, id, mark);
  if (isHeld(mishap, subject)) await endOnceLookedAt(subject, mark);
  const isRefused = mishap === 'out of credit' || mishap === 'bad key';
  const pausedBy = isRefused ? await whenPaused(darkroom, vendor, id) : null;
  if (isRefused) double.control({ job: { seconds: 0.2 } });
  await rests(darkroom, subject, mishap, id);
  const webhooks = webhooksOf(mishap, subject);
  await until(`${webhooks} webhooks`, 15, async () => {
    await pause(lookMs);
    return double.deliveriesAbout(mark).length >= webhooks ? true : undefined;
  });
  return { id, mark, pausedBy, toldUntil: null };
}

/** The same of a 429; stays until it is known when the request is to be submitted again. */
export async function provoke(darkroom: DarkroomHere, subject: Subject, mishap: Refused429): Promise<Driven> {
  const mark = randomUUID();
  const { vendor, double } = subject;
  const { status = 429, reason } = double.words.busy ?? {};
  const date = inAWhile();
  const retryAfter = retryAfterOf(mishap, date);
  double.control({
    job: { seconds: 0.2 },
    refuse: {
      status,
      about: mark,
      times: 1,
      ...(reason === undefined ? {} : { reason }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  });
  const id = await ask(darkroom, subject, mark);
  await until(`${vendor} refuses`, 30, async () => {
    await pause(lookMs);
    // What those before it were told holds the account back a moment after it is known.
    await darkroom.forgetRefusals(vendor);
    if (double.submitsAbout(mark).length === 0) return undefined;
    return (await darkroom.state(id)).phase === 'submitting' ? undefined : true;
  });
  return { id, mark, pausedBy: null, toldUntil: mishap === 'as a date' ? date : null };
}

/** The same of all: until none of them can be told from one that is left alone. */
export async function rests(
  darkroom: DarkroomHere,
  subject: Subject,
  mishap: Mishap,
  id: string,
  waitsAtMostMs = 5_000,
): Promise<void> {
  let since: number | undefined;
  let last = '';
  await until(
    'a rest',
    60,
    async () => {
      await pause(lookMs);
      const state = await darkroom.state(id);
      last = `it is ${state.phase}`;
      if (isFinal(state.phase) || waitMs(state) > waitsAtMostMs) return true;
      if (state.phase === 'waiting') await darkroom.forgetRefusals(subject.vendor);
      // What must be settled is waited for; what nobody can tell is left when whoever could has had the time.
      const stays = expected(mishap, subject).startsWith('open question');
      since = stays && state.phase === 'unresolved' ? (since ?? performance.now()) : undefined;
      return since !== undefined && performance.now() - since > settlesWithin(subject) ? true : undefined;
    },
    () => last,
  );
}

const waitMs = ({ phase, retryAt }: GenerationState): number =>
  phase === 'waiting' ? (retryAt ?? 0) - Date.now() : 0;

/** How long it takes to settle what can be settled: a look, or the time after which nobody can still be sending. Milliseconds. */
function settlesWithin(subject: Subject): number {
  const { submit, keyScope, sendBySeconds } = subject.sheet;
  if (answersAtOnce(subject)) return 1_000;
  return submit.startsWith('keyed') && keyScope !== null ? sendBySeconds * 1_000 + 6_000 : 6_000;
}

/** All that can be seen of it by now. */
export async function look(
  darkroom: DarkroomHere,
  { double }: Subject,
  { id, mark, pausedBy, toldUntil }: Driven,
): Promise<Seen> {
  return {
    resource: await darkroom.resource(id),
    events: await darkroom.events(id),
    jobs: double.book.bill.filter(({ order }) => order.prompt.includes(mark)),
    submits: double.submitsAbout(mark),
    deliveries: double.deliveriesAbout(mark),
    pausedBy,
    toldUntil,
  };
}

async function ask(darkroom: DarkroomHere, { vendor, sheet }: Subject, mark: string): Promise<string> {
  return darkroom.create({
    prompt: `a lighthouse ${mark}`,
    model: `${vendor}/${sheet.model}`,
    size: smallest(sheet),
    output_format: sheet.limits.formats[0],
  });
}

function smallest({ limits: { sizes, minSide, sideStep = 1 } }: CapabilitySheet): string {
  const [listed] = sizes ?? [];
  const side = Math.ceil(minSide / sideStep) * sideStep;
  return listed ?? `${side}x${side}`;
}

async function cancelOnceRunning(
  darkroom: DarkroomHere,
  subject: Subject,
  id: string,
  mark: string,
): Promise<void> {
  await until('a running job', 20, async () => {
    await pause(lookMs);
    const isRunning = answersAtOnce(subject)
      ? subject.double.book.bill.some(({ order }) => order.prompt.includes(mark))
      : (await darkroom.state(id)).phase === 'processing';
    return isRunning ? true : undefined;
  });
  await darkroom.cancel(id);
}

/** What the first look was answered with was heard by the time of the second. */
async function endOnceLookedAt({ double: { book } }: Subject, mark: string): Promise<void> {
  const job = await until('two looks', 60, async () => {
    await pause(lookMs);
    return book.bill.find(({ order, polls }) => order.prompt.includes(mark) && polls > 1);
  });
  book.finish(job);
}

/** The account is paused, and the request shows that it waits for it; null: it is not, and the request is an open question instead. */
async function whenPaused(darkroom: DarkroomHere, account: string, id: string): Promise<string | null> {
  const found = await until('a paused account', 20, async () => {
    await pause(lookMs);
    const { status, status_reason } = await darkroom.resource(id);
    const pausedBy = await darkroom.pausedBy(account);
    if (pausedBy !== null && status === 'queued' && status_reason?.code === 'provider_paused')
      return { pausedBy };
    return isOpenQuestion(status_reason?.code) ? { pausedBy: null } : undefined;
  });
  return found.pausedBy;
}
