import { randomUUID } from 'node:crypto';
import type { ControlsInput, VendorDouble } from '@darkroom/vendor-doubles';
import type {
  LookupAnswer,
  LostSubmit,
  PollAnswer,
  ProviderAdapter,
  SubmitAnswer,
  SubmitInput,
  VendorAnswer,
  VendorRequest,
} from '../provider-adapter.js';

/** The call had no answer, or half of one. */
export interface NoAnswer {
  readonly kind: 'lost';
}

/** Speaks to a double through its adapter over HTTP, one call for each: as the gateway does, without its patience. */
export class Speaker {
  constructor(
    readonly adapter: ProviderAdapter,
    readonly double: VendorDouble,
    readonly model: string,
    /** Path of the account's base URL. */
    readonly basePath: string,
    private readonly size: readonly [width: number, height: number],
  ) {}

  private references = 0;
  /** How long an answer is waited for. */
  patienceMs = 5_000;

  input(change: Partial<SubmitInput> = {}): SubmitInput {
    const [width, height] = this.size;
    this.references += 1;
    return {
      model: this.model,
      prompt: 'a boat',
      width,
      height,
      count: 1,
      seed: 1_000 + this.references,
      format: 'png',
      reference: randomUUID(),
      deadlineSeconds: 600,
      ...change,
    };
  }

  async send(request: VendorRequest | undefined, credential = 'key'): Promise<VendorAnswer> {
    if (!request) throw new Error('nothing to send');
    // The vendor's other addresses are paths of the double, by their names.
    const base = request.at === undefined ? this.basePath : `/${request.at}`;
    const answer = await fetch(request.url ?? this.double.url + base + request.path, {
      method: request.method,
      headers: { ...request.headers, ...(credential ? this.adapter.authorize(credential) : {}) },
      signal: AbortSignal.timeout(this.patienceMs),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: new Uint8Array(await answer.arrayBuffer()),
    };
  }

  async submit(input: SubmitInput, credential?: string): Promise<SubmitAnswer | NoAnswer> {
    const answer = await this.send(this.adapter.submit(input), credential).catch(() => undefined);
    return answer === undefined ? { kind: 'lost' } : this.adapter.readSubmit(input.model, answer, Date.now());
  }

  /** @returns the job's id, of a submit that must be taken */
  async accepted(input: SubmitInput = this.input()): Promise<string> {
    const answer = await this.submit(input);
    if (answer.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(answer)}`);
    return answer.jobId;
  }

  async poll(jobId: string, jobUrl?: string): Promise<PollAnswer> {
    const answer = await this.send(this.adapter.poll(this.model, jobId, jobUrl));
    return this.whole(this.adapter.readPoll(answer, { model: this.model, jobId }, Date.now()));
  }

  async cancel(jobId: string): Promise<PollAnswer> {
    const answer = await this.send(this.adapter.cancel(this.model, jobId));
    return this.whole(this.adapter.readCancel(answer, { model: this.model, jobId }, Date.now()));
  }

  /** Asks on, where one answer is not enough. */
  private async whole(first: PollAnswer): Promise<PollAnswer> {
    let said = first;
    while (said.kind === 'ask') said = said.read(await this.send(said.request), Date.now());
    return said;
  }

  /** @param mayMiss whether this vendor may say for a moment that there is no such job */
  async end(jobId: string, mayMiss = false): Promise<PollAnswer> {
    for (const until = Date.now() + 10_000; Date.now() < until;) {
      const answer = await this.poll(jobId);
      const goesOn =
        answer.kind === 'job' ? answer.state.kind === 'open' : mayMiss && answer.kind === 'not_found';
      if (!goesOn) return answer;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('no end in 10 s');
  }

  /** Waits until the job stands so in the vendor's own books, at most 10 s. */
  async reaches(jobId: string, ...statuses: readonly string[]): Promise<void> {
    for (const until = Date.now() + 10_000; Date.now() < until;) {
      const job = this.double.book.job(jobId);
      if (job !== undefined && statuses.includes(this.double.book.statusOf(job))) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`not ${statuses.join(' or ')} in 10 s`);
  }

  /** What was billed for what was asked while this ran. */
  async billed(act: () => Promise<unknown>): Promise<number> {
    const before = this.double.book.bill.length;
    await act();
    return this.double.book.bill.length - before;
  }

  /** Every page. */
  async lookup(input: SubmitInput, startedAt = Date.now()): Promise<LookupAnswer> {
    const { deadlineSeconds: _, ...sent } = input;
    const names = (webhook: string) =>
      webhook.includes('/hook/') ? webhook === input.webhookUrl : undefined;
    const lost: LostSubmit = { ...sent, startedAt, names };
    const jobs: Extract<LookupAnswer, { kind: 'found' }>['jobs'] = [];
    let request = this.adapter.lookup(lost);
    const readFirst = (page: VendorAnswer, now: number) => this.adapter.readLookup(page, lost, now);
    let read = readFirst;
    for (;;) {
      const answer = read(await this.send(request), Date.now());
      if (answer.kind === 'found' || answer.kind === 'page') jobs.push(...answer.jobs);
      if (answer.kind !== 'page') return jobs.length > 0 ? { kind: 'found', jobs } : answer;
      request = answer.next;
      read = answer.read ?? readFirst;
    }
  }

  control(wanted: ControlsInput): void {
    this.double.control(wanted);
  }
}
