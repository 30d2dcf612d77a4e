import type { SubmissionContract } from '@darkroom/domain';

/** Formats that a model can be asked for. */
export type ImageFormat = 'png' | 'jpeg' | 'webp';

/** What a model takes; intake answers 422 from it. */
export interface ModelLimits {
  minSide: number;
  maxSide: number;
  /** `WxH`, where the model makes these and no others. */
  sizes?: readonly string[];
  /** Each side must be a multiple of it. */
  sideStep?: number;
  /** Width times height. */
  maxPixels?: number;
  maxCount: number;
  /** Unicode code points. */
  maxPromptLength: number;
  formats: readonly ImageFormat[];
}

/** Price list of a model: integers, in millionths of the currency's unit. */
export interface ModelPrice {
  currency: string;
  microsPerImage: number;
}

/** How much of an account may be used at once, where its settings say nothing else. */
export interface AccountLimits {
  concurrent: number;
  submitsPerSecond: number | null;
}

/**
 * Everything that Darkroom knows of one model of one vendor, as data. The part that decisions need is the domain's
 * SubmissionContract; the rest is what intake, gateway and artifact need besides.
 */
export interface CapabilitySheet extends SubmissionContract {
  vendor: string;
  /** The vendor's own name of the model. */
  model: string;
  title: string;
  limits: ModelLimits;
  price: ModelPrice;
  accountLimits: AccountLimits;
  /** How the images come: links, or bytes in the answer itself. */
  result: 'link' | 'inline';
  /** Seconds that an output link lives, null where it does not end. */
  linkLifeSeconds: number | null;
  /** From submit to images as usually seen, until there is a history of our own. */
  usualSeconds: { p50: number; p95: number };
  takesSeed: boolean;
  takesWebhook: boolean;
  /** Caps on what is read of an answer. */
  maxAnswerBytes: { submit: number; poll: number; lookup: number };
}

/** What a request of this many images is expected to cost. */
export function estimateCost(sheet: CapabilitySheet, count: number): { micros: string; currency: string } {
  return {
    micros: String(BigInt(sheet.price.microsPerImage) * BigInt(count)),
    currency: sheet.price.currency,
  };
}
