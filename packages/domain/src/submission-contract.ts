/**
 * What decisions need to know of a vendor's model: how a lost submit can be settled, and how long its facts take.
 * Times are seconds. The capability sheets of packages/providers carry it.
 */
export interface SubmissionContract {
  /**
   * `lookup`: jobs can be found by our reference. `keyed-replay`: the same bytes under the same key give the same job.
   * `keyed-reject`: a used reference is refused, which proves use and not a job. `blind`: none of it.
   */
  readonly submit: 'lookup' | 'keyed-replay' | 'keyed-reject' | 'blind';
  /** How long a key is remembered: for ever, only while its job runs, or so many seconds; null where there are no keys, or nobody knows. */
  readonly keyScope: 'forever' | 'in-flight' | number | null;
  /** Whether a listing shows every accepted job once the settling time is over. */
  readonly absence: 'proof' | 'weak';
  readonly cancel: 'never' | 'any-time';
  readonly poll: 'get' | 'none';
  /** From the decision to submit to the last moment at which a byte may be sent. */
  readonly sendBySeconds: number;
  /** From the first byte to giving up on the answer. */
  readonly submitTimeoutSeconds: number;
  /** From the last byte to the job's existence at the vendor, at most. */
  readonly acceptLagSeconds: number;
  /** From the job's existence to its showing in the listing, at most. */
  readonly settlingSeconds: number;
  /** From an unknown outcome to the question for a person; also how long a vendor's answer to a cancel is waited for. */
  readonly graceSeconds: number;
  readonly failedRunsCharged: boolean;
}
