import type { Report } from './harness/report.js';
import { type Contestant, contest, type Result } from './double-charges/contest.js';
import { darkroomSide, type Settles } from './double-charges/darkroom-side.js';
import { load } from './double-charges/load.js';
import { plainSide } from './double-charges/plain-side.js';
import type { Order } from './double-charges/plain/order.js';
import type { VendorName } from './double-charges/vendors.js';

const darkroom = (name: string, vendor: VendorName, model: string, settles: Settles): Contestant => ({
  name: `Darkroom ${name}`,
  vendor,
  isDarkroom: true,
  start: (running, load) => darkroomSide(model, settles, running, load),
});

const titles = { 'pg-boss': 'pg-boss', bullmq: 'BullMQ' } as const;
const clients = {
  simulator: 'plain HTTP',
  replicate: "Replicate's client",
  fal: "fal's client",
} as const;

const plain = (queue: Order['queue'], vendor: VendorName, keepsIds: boolean): Contestant => ({
  name: `${titles[queue]} ${clients[vendor]}${keepsIds ? ' with ids kept' : ''}`,
  vendor,
  isDarkroom: false,
  start: (running, load) => plainSide({ queue, keepsIds }, running, load),
});

const contestants: readonly Contestant[] = [
  darkroom('lookup', 'simulator', 'sim/standard', 'by itself'),
  darkroom('keyed-replay', 'simulator', 'sim/keyed', 'by itself'),
  darkroom('keyed-reject', 'simulator', 'sim/reject', 'by itself'),
  darkroom('blind', 'simulator', 'sim/blind', 'or by a person'),
  plain('pg-boss', 'simulator', false),
  plain('pg-boss', 'simulator', true),
  plain('bullmq', 'simulator', false),
  plain('bullmq', 'simulator', true),
  darkroom('Replicate', 'replicate', 'replicate/black-forest-labs/flux-schnell', 'or by a person'),
  plain('pg-boss', 'replicate', false),
  plain('pg-boss', 'replicate', true),
  darkroom('fal', 'fal', 'fal/fal-ai/flux/schnell', 'or by a person'),
  plain('pg-boss', 'fal', false),
  plain('pg-boss', 'fal', true),
];

/** Parts of names, separated by commas: only these take part. */
const wanted = (process.env['BENCH_CONTESTANTS'] ?? '').split(',').filter((part) => part !== '');

const row = (result: Result): Record<string, string | number> => ({
  contestant: result.contestant,
  requests: String(result.requests),
  charges: String(result.charges),
  'a request': (result.charges / result.requests).toFixed(2),
  'beyond one': String(result.beyondOne),
  'charged again': String(result.chargedAgain.length),
  'never charged': String(result.neverCharged),
  answered: String(result.answered),
  'open questions': String(result.open),
  lost: String(result.lost.length),
  kills: String(result.kills),
  seconds: result.seconds,
});

/** The same load on Darkroom and on workers without it, one after the other: who is charged more than once a request. */
export async function run(): Promise<Report> {
  const strange = wanted.filter((part) => !contestants.some(({ name }) => name.includes(part)));
  if (strange.length > 0)
    throw new Error(
      `BENCH_CONTESTANTS: nobody is called ${strange.join(', ')}; there are ${contestants.map(({ name }) => name).join(', ')}`,
    );
  const results: Result[] = [];
  for (const contestant of contestants) {
    if (wanted.length > 0 && !wanted.some((part) => contestant.name.includes(part))) continue;
    process.stderr.write(`${contestant.name} …\n`);
    const result = await contest(contestant, load);
    results.push(result);
    process.stderr.write(`  ${JSON.stringify(row(result))}\n`);
  }
  const ours = results.filter(({ isDarkroom }) => isDarkroom);
  const none = (what: string, value: number) => ({ what, goal: '0', value, met: value === 0 });
  return {
    name: 'double-charges',
    what: `${load.requests} requests in ${load.killSeconds} s, ${load.dropped * 100} % of the submits' answers dropped, the worker killed every ${load.killEverySeconds} s`,
    table: results.map(row),
    goals: ours.flatMap((result) => [
      none(`${result.contestant}: charges beyond one`, result.beyondOne),
      none(`${result.contestant}: lost`, result.lost.length),
    ]),
    raw: { load, results },
  };
}
