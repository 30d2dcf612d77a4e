import type { IncomingHttpHeaders } from 'node:http';
import type { DoubleJob, VendorBook } from './vendor-book.js';
import type { VendorWords } from './words.js';

/** A request as it came. */
export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: Buffer | string | object;
  /** An output instead, as it is or as it should not be. */
  readonly picture?: { readonly job: DoubleJob; readonly index: number };
  /** The job that this answer tells of for the first time: its webhooks go out. */
  readonly taken?: DoubleJob;
}

/** What a protocol works with. */
export interface DoubleWorld {
  readonly book: VendorBook;
  /** Its own address, without a trailing slash. */
  readonly url: string;
  /** Where an output is fetched, or a data URL. */
  output(job: DoubleJob, index: number): Promise<string>;
  /** The bytes themselves. */
  picture(job: DoubleJob, index: number): Promise<Buffer>;
}

/** A webhook, signed or not as the controls say. */
export interface Webhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A vendor's protocol: pure but for the book. */
export interface VendorProtocol {
  readonly name: string;
  /** Where it says something in another way than is usual. */
  readonly words?: Partial<VendorWords>;
  /** Whether this call may make a job, and with it a bill. */
  isSubmit(call: Call): boolean;
  /** Whether it asks how a job stands. */
  isPoll(call: Call): boolean;
  /** Whether it asks for the result of one that has ended, where that is another question. */
  isResult?(call: Call): boolean;
  handle(call: Call, world: DoubleWorld): Reply | Promise<Reply>;
  /** How this vendor refuses with a status. */
  refuse(status: number, reason: string | undefined): Reply;
  /** What it tells of a job by webhook, undefined: nothing; `isForged`: signed by somebody who does not know its secret. */
  webhook?(
    job: DoubleJob,
    event: 'start' | 'completed',
    world: DoubleWorld,
    isForged: boolean,
  ): Promise<Webhook | undefined>;
}
