import type { JobState } from '../provider-adapter.js';
import type { Genuine } from './genuine-webhooks.js';

/** A body and the status that it comes with. */
export interface Specimen {
  readonly status: number;
  readonly body: unknown;
}

/** Answers of one vendor in their usual shape, to be spoilt in every way. */
export interface Specimens {
  readonly vendor: string;
  /** The vendor's first where all are spoken to alike. */
  readonly model?: string;
  /** To a submit that was taken; absent where the answer is the end. */
  readonly accepted?: (jobId: string) => unknown;
  /** Where a picture is, or what it is. */
  readonly source: (name: string) => string;
  /** As it stands among others; `list`: there may be others. */
  readonly picture: (source: string) => unknown;
  readonly list: boolean;
  /** How the job stands under a word of the vendor's: all answers that it takes to know. */
  readonly told: (word: string, pictures: readonly unknown[]) => readonly unknown[];
  /** Its words, and what they say. */
  readonly words: Readonly<Record<string, JobState['kind']>>;
  /** Refusals of a submit, in each of its forms. */
  readonly refusals: readonly Specimen[];
  /** The body of a webhook, and how one is delivered. */
  readonly webhook?: {
    readonly body: unknown;
    readonly deliver: (rawBody: Uint8Array) => Genuine;
  };
}

/** The job that all of them are about. */
export const specimenJob = 'job-1';

export const link = (name: string): string => `https://cdn.example/${name}.png`;
export const base64 = (name: string): string => Buffer.from(name.padEnd(6, '.')).toString('base64');
