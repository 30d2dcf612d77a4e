import type { OwnProcess } from '../harness/own-process.js';
import { killAgainAndAgain } from './kill-again-and-again.js';
import { askEvenly, type Load, type PictureRequest } from './load.js';
import { type Ends, type Tally, tally } from './tally.js';
import { startVendor, type Vendor, type VendorName } from './vendors.js';

/** Something that is asked for pictures, and has a worker that can be killed. */
export interface Side {
  startWorker(): Promise<OwnProcess>;
  ask(request: PictureRequest): Promise<void>;
  /** Waits until nothing more happens by itself. @returns how each request ended */
  drained(all: readonly PictureRequest[]): Promise<Ends>;
  /** What it knows of one request, for whoever has to find out why. */
  evidence(request: PictureRequest): Promise<unknown>;
  stop(): Promise<void>;
}

export interface Contestant {
  readonly name: string;
  readonly vendor: VendorName;
  /** Nothing may be charged twice or be lost here. */
  readonly isDarkroom: boolean;
  start(vendor: Vendor, load: Load): Promise<Side>;
}

export interface Result extends Tally {
  readonly contestant: string;
  readonly isDarkroom: boolean;
  readonly kills: number;
  readonly bootMs: readonly number[];
  /** From the first request to the end of the last. */
  readonly seconds: number;
  /** Of requests of Darkroom's that were charged twice or lost: all that is known of them. */
  readonly evidence: readonly unknown[];
}

const mostEvidence = 10;

/** One contestant's run, from a vendor that has seen nobody to the last end. */
export async function contest(contestant: Contestant, load: Load): Promise<Result> {
  const { name, isDarkroom } = contestant;
  const vendor = await startVendor(contestant.vendor, load);
  let side: Side | undefined;
  let worker: OwnProcess | undefined;
  try {
    const started = (side = await contestant.start(vendor, load));
    const startWorker = async (): Promise<OwnProcess> => (worker = await started.startWorker());
    const all = Array.from({ length: load.requests }, (_, n): PictureRequest => ({
      id: `${n + 1}`,
      prompt: `picture ${n + 1} for ${name}`,
    }));
    const first = await startWorker();
    const begun = performance.now();
    // Whichever fails, the other comes to its end: it would start workers that nobody stops.
    const [asked, killed] = await Promise.allSettled([
      askEvenly(load, all, (request) => started.ask(request)),
      killAgainAndAgain(first, startWorker, load),
    ]);
    if (asked.status === 'rejected') throw asked.reason;
    if (killed.status === 'rejected') throw killed.reason;
    const ends = await started.drained(all);
    const seconds = (performance.now() - begun) / 1_000;
    const bill = await vendor.bill();
    const prompts = all.map(({ prompt }) => prompt);
    const charges = bill.filter(({ charged }) => charged).map(({ prompt }) => prompt);
    const counted = tally(prompts, charges, ends);
    const wrong = isDarkroom ? [...counted.chargedAgain, ...counted.lost].slice(0, mostEvidence) : [];
    const evidence: unknown[] = [];
    for (const request of all.filter(({ prompt }) => wrong.includes(prompt)))
      evidence.push({
        request,
        bill: bill.filter(({ prompt }) => prompt === request.prompt).map(({ said }) => said),
        known: await started.evidence(request),
      });
    const { kills, bootMs } = killed.value;
    return { contestant: name, isDarkroom, ...counted, kills, bootMs, seconds, evidence };
  } finally {
    await worker?.stop();
    await side?.stop();
    await vendor.stop();
  }
}
