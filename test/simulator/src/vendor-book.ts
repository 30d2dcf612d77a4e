import { join } from 'node:path';
import { z } from 'zod';
import { type Faults, faultsSchema, noFaults } from './faults.js';
import { isEnded, type Job, jobSchema, type JobView, viewJob } from './job.js';
import { Journal } from './journal.js';

/** One submit that arrived, as the bill tells it. */
const ledgerLineSchema = z.object({
  seq: z.number(),
  at: z.string(),
  model: z.string().nullable(),
  prompt: z.string().nullable(),
  reference: z.string().nullable(),
  key: z.string().nullable(),
  job_id: z.string().nullable(),
  accepted: z.boolean(),
  replay: z.boolean(),
  reply: z.enum(['sent', 'dropped']),
  charged_micros: z.number(),
});

export type LedgerLine = z.infer<typeof ledgerLineSchema>;

/** A key or reference that was used. `job` is null where no job came of it. */
const claimSchema = z.object({
  name: z.string(),
  at: z.number(),
  job: z.string().nullable(),
  fingerprint: z.string(),
});

export type Claim = z.infer<typeof claimSchema>;

const entrySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('submit'),
    line: ledgerLineSchema,
    job: jobSchema.optional(),
    claim: claimSchema.optional(),
  }),
  z.object({ kind: z.literal('reply'), seq: z.number(), reply: z.enum(['sent', 'dropped']) }),
  z.object({ kind: z.literal('canceled'), job: z.string(), at: z.number() }),
  z.object({ kind: z.literal('webhook_done'), job: z.string() }),
  z.object({ kind: z.literal('faults'), faults: faultsSchema }),
]);

type Entry = z.infer<typeof entrySchema>;

/**
 * Everything that the vendor remembers. A submit's ledger line, job and key are one line of the journal: there is no
 * moment at which one of them exists without the others. Held in memory whole (about 1 kB a submit).
 */
export class VendorBook {
  private readonly journal: Journal<Entry>;
  private readonly lines: LedgerLine[] = [];
  private readonly jobs = new Map<string, Job>();
  private readonly byReference = new Map<string, Job[]>();
  private readonly claims = new Map<string, Claim>();
  private readonly canceled = new Map<string, number>();
  private readonly webhooksDone = new Set<string>();
  private readonly open = new Set<Job>();
  private faultsNow: Faults = noFaults;
  private ticks: number;

  constructor(dataDir: string) {
    this.journal = Journal.open(join(dataDir, 'journal.ndjson'), (line) => entrySchema.parse(line));
    for (const entry of this.journal.restored) this.apply(entry);
    this.ticks = this.journal.restored.length;
  }

  get faults(): Faults {
    return this.faultsNow;
  }

  get ledger(): readonly LedgerLine[] {
    return this.lines;
  }

  /** A number that was not used before, to draw with. */
  tick(): number {
    return ++this.ticks;
  }

  job(id: string): Job | undefined {
    return this.jobs.get(id);
  }

  jobsByReference(reference: string): readonly Job[] {
    return this.byReference.get(reference) ?? [];
  }

  view(job: Job, now: number): JobView {
    return viewJob(job, this.canceled.get(job.id), this.faultsNow, now);
  }

  /** Jobs that have not ended: what counts against the limit. */
  openJobs(now: number): number {
    for (const job of this.open) if (isEnded(this.view(job, now).status)) this.open.delete(job);
    return this.open.size;
  }

  /** The claim of a key or reference, while the vendor still knows it. */
  claim(name: string, now: number): Claim | undefined {
    const claim = this.claims.get(name);
    if (!claim) return undefined;
    const { scope } = this.faultsNow.key;
    if (scope === 'forever') return claim;
    if (scope !== 'in_flight') return now - claim.at < scope * 1_000 ? claim : undefined;
    const job = claim.job === null ? undefined : this.jobs.get(claim.job);
    return job && !isEnded(this.view(job, now).status) ? claim : undefined;
  }

  /** Jobs whose webhook is still to be sent. */
  webhooksDue(): Job[] {
    return [...this.jobs.values()].filter((job) => job.webhook !== null && !this.webhooksDone.has(job.id));
  }

  /** Writes a submit down: its ledger line with what came of it. */
  recordSubmit(line: Omit<LedgerLine, 'seq'>, outcome: { job?: Job; claim?: Claim } = {}): LedgerLine {
    const entry = { kind: 'submit' as const, line: { seq: this.lines.length + 1, ...line }, ...outcome };
    this.record(entry);
    return entry.line;
  }

  recordReply(seq: number, reply: LedgerLine['reply']): void {
    if (this.lines[seq - 1]?.reply !== reply) this.record({ kind: 'reply', seq, reply });
  }

  /** Cancels a job that has not ended. */
  cancel(job: Job, now: number): void {
    if (!isEnded(this.view(job, now).status)) this.record({ kind: 'canceled', job: job.id, at: now });
  }

  recordWebhookDone(job: Job): void {
    this.record({ kind: 'webhook_done', job: job.id });
  }

  setFaults(faults: Faults): void {
    this.record({ kind: 'faults', faults });
  }

  close(): void {
    this.journal.close();
  }

  private record(entry: Entry): void {
    this.journal.append(entry);
    this.apply(entry);
  }

  private apply(entry: Entry): void {
    switch (entry.kind) {
      case 'submit':
        this.lines.push(entry.line);
        if (entry.claim) this.claims.set(entry.claim.name, entry.claim);
        if (entry.job) this.addJob(entry.job);
        return;
      case 'reply': {
        const line = this.lines[entry.seq - 1];
        if (line) line.reply = entry.reply;
        return;
      }
      case 'canceled':
        this.canceled.set(entry.job, entry.at);
        return;
      case 'webhook_done':
        this.webhooksDone.add(entry.job);
        return;
      case 'faults':
        this.faultsNow = entry.faults;
        return;
    }
  }

  private addJob(job: Job): void {
    this.jobs.set(job.id, job);
    this.open.add(job);
    if (job.reference === null) return;
    const sameReference = this.byReference.get(job.reference);
    if (sameReference) sameReference.push(job);
    else this.byReference.set(job.reference, [job]);
  }
}
