import type { LookupAddress } from 'node:dns';
import type { Readable } from 'node:stream';

/** All addresses of a name, in the order in which they are to be tried. */
export type ResolveName = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** Why a call leaves the house. */
export type EgressPurpose = 'submit' | 'poll' | 'lookup' | 'cancel' | 'download' | 'webhook' | 'keys';

/**
 * A destination that may be reached although it is not https on port 443 of a public address. All five must match; a
 * redirect's target never uses one.
 */
export interface Allowance {
  readonly purpose: EgressPurpose;
  readonly account: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** Where a call goes; decides the connection. */
export interface Destination {
  readonly purpose: EgressPurpose;
  /** Provider account on whose behalf; connections are not shared between accounts. */
  readonly account: string;
  readonly url: string;
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
}

export interface EgressRequest extends Destination {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** From the call to the last byte of the answer, connecting included. */
  readonly timeoutMs: number;
  /** Most bytes of an answer's body that are read. */
  readonly maxBytes: number;
  /** A connection that nobody used before, and nobody will again. */
  readonly freshConnection?: boolean;
  /** On the clock of `performance.now()`: from then on not a byte is sent. */
  readonly sendByMonotonicMs?: number;
  readonly signal?: AbortSignal;
}

/** `refused`: this destination may not be called. `send_by`: too late. `canceled`: by the caller's signal. */
export type NotSentReason =
  'refused' | 'dns' | 'connect' | 'tls' | 'connect_timeout' | 'send_by' | 'canceled' | 'closed';
export type LostReason = 'timeout' | 'reset' | 'too_large' | 'malformed' | 'canceled';

/** Provably nothing of the request left this process. */
export interface NotSent {
  readonly kind: 'not-sent';
  readonly reason: NotSentReason;
  readonly error: string;
}

/** A whole answer, whatever its status. Header names are in lower case. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The request may have arrived; no whole answer came back. */
export interface Lost {
  readonly kind: 'lost';
  readonly reason: LostReason;
  readonly error: string;
  /** Where the head of an answer was read. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly partialBody?: Buffer;
}

export type EgressOutcome = Answer | NotSent | Lost;

/** A connection that stands, for one call that must not spend its time on connecting. */
export interface PreparedConnection {
  readonly kind: 'ready';
  /** Sends over this connection, once. */
  send(request: Omit<EgressRequest, keyof Destination | 'freshConnection'>): Promise<EgressOutcome>;
  /** Closes it; also after `send`. */
  close(): Promise<void>;
}

export interface DownloadRequest {
  readonly account: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body, raw and decoded each. */
  readonly maxBytes: number;
  readonly connectTimeoutMs?: number;
  /** Longest silence. */
  readonly idleTimeoutMs: number;
  readonly totalTimeoutMs: number;
  /** Slowest average over the time spent waiting for bytes. */
  readonly minBytesPerSecond: number;
  /** The average is judged only after this much waiting: slow starts are no crime. Default 5,000. */
  readonly rateGraceMs?: number;
  /** Default 3. */
  readonly maxRedirects?: number;
  readonly signal?: AbortSignal;
}

export type DownloadFailure =
  | 'refused'
  | 'too_many_redirects'
  | 'unreachable'
  | 'timeout'
  | 'too_slow'
  | 'too_large'
  | 'truncated'
  | 'reset'
  | 'encoding'
  | 'malformed'
  | 'canceled';

/** Why a download ended early; also what its stream fails with. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  constructor(
    readonly reason: DownloadFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface Download {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the bytes came from, after redirects. */
  readonly url: string;
  readonly redirects: number;
  /** Decoded bytes. Fails with DownloadError; must be read or destroyed. */
  readonly stream: Readable;
}

export interface EgressOptions {
  readonly allow: readonly Allowance[];
  /** How names become addresses. Default: as the system does it. */
  readonly resolve?: ResolveName;
  /** Longest life of an idle connection. Default 4,000. */
  readonly keepAliveMs?: number;
}

/** The one door to other hosts: every call out goes through it. It never retries. */
export interface Egress {
  send(request: EgressRequest): Promise<EgressOutcome>;
  /** Resolves the name, checks the address, connects and finishes TLS, before anything is promised to anybody. */
  prepare(destination: Destination): Promise<PreparedConnection | NotSent>;
  /** @throws DownloadError */
  download(request: DownloadRequest): Promise<Download>;
  stop(): Promise<void>;
}
