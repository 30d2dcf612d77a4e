/** What an output may cost us. */
export interface OutputLimits {
  /** Of the body, as sent and decoded. */
  readonly maxBytes: number;
  /** Checked in the header, before anything is decoded. */
  readonly maxPixels: number;
  readonly maxSide: number;
  readonly idleTimeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly minBytesPerSecond: number;
  /** The average is judged only after this much waiting. */
  readonly rateGraceMs: number;
  /** Tries of one link at one look. */
  readonly triesPerLink: number;
  /** How long a link whose server is in trouble is looked at again, before a fresh one is asked for. */
  readonly linkPatienceMs: number;
  /** Pause after the first failed try; doubles. */
  readonly retryPauseMs: number;
}

export const defaultLimits: OutputLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxPixels: 64_000_000,
  maxSide: 16_384,
  idleTimeoutMs: 10_000,
  totalTimeoutMs: 120_000,
  minBytesPerSecond: 1_024,
  rateGraceMs: 5_000,
  triesPerLink: 3,
  linkPatienceMs: 60_000,
  retryPauseMs: 250,
};
