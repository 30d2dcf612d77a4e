import type { Attempt } from '@darkroom/domain';
import type { Egress, EgressOutcome, EgressPurpose, NotSent, PreparedConnection } from '@darkroom/platform';
import type { LookupAnswer, PollAnswer, VendorRequest } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';

const questionTimeoutMs = 10_000;

/** No answer, or one that tells nothing: ask again later. */
export interface NoAnswer {
  readonly kind: 'no_answer';
  readonly reason: string;
}

/** Calls to a vendor that cost nothing and may be cut short, and the connection for the one that does and may not. */
export interface VendorCalls {
  poll(access: ModelAccess, jobId: string, signal?: AbortSignal): Promise<PollAnswer | NoAnswer>;
  lookup(access: ModelAccess, attempt: Attempt, signal?: AbortSignal): Promise<LookupAnswer | NoAnswer>;
  /** The job as it stands after the vendor was asked to cancel it. */
  cancel(access: ModelAccess, jobId: string, signal?: AbortSignal): Promise<PollAnswer | NoAnswer>;
  prepareSubmit(access: ModelAccess, request: VendorRequest): Promise<PreparedConnection | NotSent>;
  submit(
    connection: PreparedConnection,
    access: ModelAccess,
    request: VendorRequest,
    sendByMonotonicMs: number,
  ): Promise<EgressOutcome>;
}

/** The calls through the one door out. Nothing in here repeats a call. */
export function vendorCalls(egress: Egress): VendorCalls {
  const ask = async (
    purpose: EgressPurpose,
    access: ModelAccess,
    request: VendorRequest,
    signal: AbortSignal | undefined,
  ): Promise<EgressOutcome> =>
    egress.send({
      purpose,
      account: access.account.id,
      url: access.account.baseUrl + request.path,
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
  return {
    async poll(access, jobId, signal) {
      const outcome = await ask('poll', access, access.adapter.poll(access.model, jobId), signal);
      return outcome.kind === 'answer'
        ? access.adapter.readPoll(outcome, jobId, Date.now())
        : noAnswer(outcome);
    },
    async lookup(access, attempt, signal) {
      const request = access.adapter.lookup(access.model, attempt.reference);
      if (request === undefined) return { kind: 'no_answer', reason: 'the model lists nothing' };
      const outcome = await ask('lookup', access, request, signal);
      return outcome.kind === 'answer'
        ? access.adapter.readLookup(outcome, attempt.reference, Date.now())
        : noAnswer(outcome);
    },
    async cancel(access, jobId, signal) {
      const request = access.adapter.cancel(access.model, jobId);
      if (request === undefined) return { kind: 'no_answer', reason: 'the model cancels nothing' };
      const outcome = await ask('cancel', access, request, signal);
      return outcome.kind === 'answer'
        ? access.adapter.readCancel(outcome, jobId, Date.now())
        : noAnswer(outcome);
    },
    prepareSubmit: async (access, request) =>
      egress.prepare({
        purpose: 'submit',
        account: access.account.id,
        url: access.account.baseUrl + request.path,
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
