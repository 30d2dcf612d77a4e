import type { PictureRequest } from '../load.js';

/** Where the id of a job at the vendor is kept beside a request, by who does that by hand. */
export interface KeptId {
  readonly id: string | undefined;
  keep(id: string): Promise<void>;
}

/** What a worker does with one request of its queue. */
export type Handle = (request: PictureRequest, kept: KeptId) => Promise<void>;

/** A queue as its producer sees it. */
export interface Queue {
  add(request: PictureRequest): Promise<void>;
  /** Jobs that wait, run, or will be tried again. */
  unfinished(): Promise<number>;
  /** Jobs that it gave up, with the last reason of some. */
  givenUp(): Promise<{ readonly count: number; readonly reasons: readonly string[] }>;
  stop(): Promise<void>;
}

export const queueName = 'pictures';
