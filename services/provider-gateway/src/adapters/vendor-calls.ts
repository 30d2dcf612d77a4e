import type { Egress, EgressOutcome, EgressPurpose, NotSent, PreparedConnection } from '@darkroom/platform';
import type {
  AskedJob,
  LookupAnswer,
  LostSubmit,
  PollAnswer,
  VendorAnswer,
  VendorRequest,
} from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import { type LookUpSeen, requestLine } from '../policy/evidence.js';
import { addressOf } from '../policy/vendor-address.js';
import { sharedQuestions } from './shared-questions.js';

const questionTimeoutMs = 10_000;

/** No answer, or one that tells nothing: ask again later. */
export interface NoAnswer {
  readonly kind: 'no_answer';
  readonly reason: string;
  /** Asking again will be no better. */
  readonly isForGood?: true;
}

/** A job, and where its vendor said that it is asked for, if it did. */
export interface KnownJob {
  readonly jobId: string;
  readonly jobUrl: string | null;
}

/** What a job's vendor says of it, all questions asked. */
export type WholePoll = Exclude<PollAnswer, { kind: 'ask' }>;

type Read = (answer: VendorAnswer, now: number) => PollAnswer;

/** A status and a result; of a cancel, its own answer before them. */
const mostQuestions = 3;

/** What the whole of a listing says, and what was seen of it. */
export type WholeLookup = Exclude<LookupAnswer, { kind: 'page' }> & { readonly seen: LookUpSeen };

const unreadPart = { kind: 'unreadable', reason: 'part of the listing cannot be read' } as const;

/** What is behind these is not looked at: a busy account lists a hundred jobs in seconds. */
const mostPages = 60;

/** Calls to a vendor that cost nothing and may be cut short, and the connection for the one that does and may not. */
export interface VendorCalls {
  poll(access: ModelAccess, job: KnownJob, signal?: AbortSignal): Promise<WholePoll | NoAnswer>;
  /** All of the listing, page by page. */
  lookup(access: ModelAccess, lost: LostSubmit, signal?: AbortSignal): Promise<WholeLookup | NoAnswer>;
  /** The job as it stands after the vendor was asked to cancel it. */
  cancel(access: ModelAccess, job: KnownJob, signal?: AbortSignal): Promise<WholePoll | NoAnswer>;
  prepareSubmit(access: ModelAccess, request: VendorRequest): Promise<PreparedConnection | NotSent>;
  submit(
    connection: PreparedConnection,
    access: ModelAccess,
    request: VendorRequest,
    sendByMonotonicMs: number,
  ): Promise<EgressOutcome>;
}

/** The calls through the one door out. Nothing in here repeats a call; what an answer about several jobs leaves out is asked for alone. */
export function vendorCalls(egress: Egress): VendorCalls {
  const polls = sharedQuestions<AskedJob, EgressOutcome>();
  const ask = async (
    purpose: EgressPurpose,
    access: ModelAccess,
    request: VendorRequest,
    signal: AbortSignal | undefined,
  ): Promise<EgressOutcome> =>
    egress.send({
      purpose,
      account: access.account.id,
      url: addressOf(access, request),
      method: request.method,
      headers: { ...request.headers, ...access.adapter.authorize(access.account.credential) },
      ...(request.body === undefined ? {} : { body: request.body }),
      timeoutMs: questionTimeoutMs,
      maxBytes: request.maxAnswerBytes,
      ...(signal === undefined ? {} : { signal }),
    });
  const noAnswer = (outcome: Exclude<EgressOutcome, { kind: 'answer' }>): NoAnswer => ({
    kind: 'no_answer',
    reason: `${outcome.reason}: ${outcome.error}`,
  });
  /** Until the answer is whole. */
  const askOn = async (
    purpose: EgressPurpose,
    access: ModelAccess,
    first: VendorRequest,
    signal: AbortSignal | undefined,
    readFirst: Read,
  ): Promise<WholePoll | NoAnswer> => {
    let [request, read] = [first, readFirst];
    for (let nth = 1; nth <= mostQuestions; nth += 1) {
      const outcome = await ask(purpose, access, request, signal);
      if (outcome.kind !== 'answer') return noAnswer(outcome);
      const said = read(outcome, Date.now());
      if (said.kind !== 'ask') return said;
      ({ request, read } = said);
    }
    return { kind: 'no_answer', reason: `no end after ${mostQuestions} questions` };
  };
  return {
    async poll(access, { jobId, jobUrl }, signal) {
      const { adapter, model } = access;
      const request = adapter.poll(model, jobId, jobUrl ?? undefined);
      if (request === undefined) return { kind: 'no_answer', reason: 'the model is asked for nothing' };
      const read: Read = (answer, now) => adapter.readPoll(answer, { model, jobId }, now);
      const together = adapter.pollTogether;
      if (together === undefined) return askOn('poll', access, request, signal, read);
      const shared = await polls.ask(
        access.account.id,
        { model, jobId },
        {
          most: together.most,
          send: async (jobs, nobodyWaits) =>
            ask('poll', access, jobs.length === 1 ? request : together.request(jobs), nobodyWaits),
        },
        signal,
      );
      if (shared === null) return { kind: 'no_answer', reason: 'it is not wanted any more' };
      if (shared.answer.kind !== 'answer') return noAnswer(shared.answer);
      const said = read(shared.answer, Date.now());
      if (said.kind === 'job') return said;
      // What an answer about several does not tell of one proves nothing. A vendor without room is not asked for each of them instead.
      // Of a 500 one job among them may be the cause.
      const isAway = shared.answer.status === 429 || shared.answer.status > 500;
      if (shared.items.length > 1 && together.isSameQuestion !== true && !isAway)
        return askOn('poll', access, request, signal, read);
      return said.kind === 'ask' ? askOn('poll', access, said.request, signal, said.read) : said;
    },
    async lookup(access, lost, signal) {
      const jobs: Extract<LookupAnswer, { kind: 'found' }>['jobs'] = [];
      let request = access.adapter.lookup(lost);
      if (request === undefined) return { kind: 'no_answer', reason: 'the model lists nothing' };
      const asked = requestLine(request.method, addressOf(access, request));
      const readFirst = (page: VendorAnswer, now: number) => access.adapter.readLookup(page, lost, now);
      let read = readFirst;
      let isWhole = true;
      let seen: LookUpSeen = { request: asked, status: 0, headers: {} };
      for (let page = 1; page <= mostPages; page += 1) {
        const outcome = await ask('lookup', access, request, signal);
        // What was found is true, however the rest of the listing goes.
        if (outcome.kind !== 'answer')
          return jobs.length > 0 ? { kind: 'found', jobs, seen } : noAnswer(outcome);
        seen = { request: asked, status: outcome.status, headers: outcome.headers };
        const answer = read(outcome, Date.now());
        if (answer.kind === 'found' || answer.kind === 'page') jobs.push(...answer.jobs);
        if (answer.kind !== 'page') {
          if (jobs.length > 0) return { kind: 'found', jobs, seen };
          return answer.kind === 'absent' && !isWhole ? { ...unreadPart, seen } : { ...answer, seen };
        }
        isWhole &&= answer.isWhole;
        request = answer.next;
        read = answer.read ?? readFirst;
      }
      return jobs.length > 0
        ? { kind: 'found', jobs, seen }
        : { kind: 'no_answer', reason: `more than ${mostPages} pages`, isForGood: true };
    },
    async cancel(access, { jobId, jobUrl }, signal) {
      const { adapter, model } = access;
      const request = adapter.cancel(model, jobId, jobUrl ?? undefined);
      if (request === undefined) return { kind: 'no_answer', reason: 'the model cancels nothing' };
      return askOn('cancel', access, request, signal, (answer, now) =>
        adapter.readCancel(answer, { model, jobId }, now),
      );
    },
    prepareSubmit: async (access, request) =>
      egress.prepare({
        purpose: 'submit',
        account: access.account.id,
        url: addressOf(access, request),
      }),
    submit: async (connection, access, request, sendByMonotonicMs) =>
      connection.send({
        method: request.method,
        headers: { ...request.headers, ...access.adapter.authorize(access.account.credential) },
        ...(request.body === undefined ? {} : { body: request.body }),
        timeoutMs: access.sheet.submitTimeoutSeconds * 1000,
        maxBytes: request.maxAnswerBytes,
        sendByMonotonicMs,
      }),
  };
}
