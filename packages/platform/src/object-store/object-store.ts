import type { Readable } from 'node:stream';

export interface PutObject {
  /** Path-like: segments of A-Z a-z 0-9 . _ = -, separated by slashes. */
  readonly key: string;
  readonly body: Buffer | Readable;
  /** Lower-case hex of the body; a body that differs is refused and nothing is stored. */
  readonly sha256: string;
  readonly bytes: number;
  readonly contentType: string;
}

export interface ObjectFacts {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly contentType: string;
}

/** Both ends inclusive, from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** `damaged`: what is stored there is not what was put. */
export type ObjectStoreErrorCode =
  'invalid_key' | 'checksum_mismatch' | 'size_mismatch' | 'damaged' | 'no_bucket' | 'unavailable';

/** `unavailable` is worth another try; the others are not. */
export class ObjectStoreError extends Error {
  override readonly name = 'ObjectStoreError';
  constructor(
    readonly code: ObjectStoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Where image bytes live. Objects are immutable: a key is written once. */
export interface ObjectStore {
  /**
   * `exists`: something has that key already and was not touched; `head` tells whether it is the same. Either way the object
   * is durable. Where the same one is there the body may be left unread. An error of its stream comes through as it is.
   * @throws ObjectStoreError
   */
  put(object: PutObject): Promise<'stored' | 'exists'>;
  head(key: string): Promise<ObjectFacts | null>;
  /** Null: no such object. The stream must be read or destroyed. A range is cut to the object: beyond its end there is nothing. */
  get(key: string, range?: ByteRange): Promise<Readable | null>;
  /** Keys below a folder (`a/b` for `a/b/c` and `a/b/c/d`, not for `a/bc`), in no order; none where there is no such folder. */
  list(folder: string): AsyncIterable<string>;
  /** Nothing happens where there is none. */
  delete(key: string): Promise<void>;
  /**
   * A URL that gives the object to whoever has it, for so long; whether it is there is not asked, nor the server. Absent where the store is no
   * server that others reach: the bytes go through us.
   */
  linkTo?(key: string, seconds: number, as?: LinkedAs): Promise<string>;
  /** Lets go of its connections. */
  stop?(): void;
}

/** What the server is to say of an object that is fetched by its link. */
export interface LinkedAs {
  readonly contentType?: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
}
