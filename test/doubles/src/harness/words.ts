/** A refusal as `VendorProtocol.refuse` is asked for it. */
export interface SaidBy {
  readonly status: number;
  /** Which of the vendor's reasons for that status. */
  readonly reason?: string;
}

/** How a vendor says what all have in common; null: it has no words for it, and what says so stands before it. */
export interface VendorWords {
  /** Too many requests. `seconds`: how long to wait it tells elsewhere than in a header, or in its documentation. */
  readonly busy: (SaidBy & { readonly seconds?: number }) | null;
  /** Null: it costs nothing. */
  readonly outOfCredit: SaidBy | null;
  /** Null: it lets everybody in. */
  readonly badKey: SaidBy | null;
  /** What was asked for is not to be drawn: refused, or an end of its job. Null: it draws whatever it is asked for. */
  readonly rejected: SaidBy | 'end-of-job' | null;
  /** 5xx of a submit by which it says that nothing was taken, or that what it took has ended and costs nothing. */
  readonly harmless5xx: readonly number[];
  /** Whether it tells by a word how a job stands. */
  readonly hasStatusWords: boolean;
  /** Whether its webhooks are signed, or only their address is known to nobody else. */
  readonly signsWebhooks: boolean;
}

/** What holds where a protocol says nothing else. */
export const usualWords: VendorWords = {
  busy: { status: 429 },
  outOfCredit: { status: 402 },
  badKey: { status: 401 },
  rejected: 'end-of-job',
  harmless5xx: [],
  hasStatusWords: true,
  signsWebhooks: true,
};
