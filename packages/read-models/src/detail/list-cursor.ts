import type { Signer } from '@darkroom/platform';

/** Where a page of a list ended. */
export interface ListPosition {
  readonly createdAt: Date;
  /** UUID. */
  readonly id: string;
}

/** What a cursor is bound to: it opens for the same tenant and the same query only. */
export interface CursorBinding {
  readonly tenant: string;
  /** The filters in a fixed order, but not the limit: a reader may take smaller pages as it goes on. */
  readonly query: string;
}

/** What seals and opens cursors. */
export type CursorSigner = Pick<Signer, 'sign' | 'verify'>;

const payloadBytes = 24;

function signedText(binding: CursorBinding, payload: string): string {
  return JSON.stringify(['detail-list-1', binding.tenant, binding.query, payload]);
}

/** Seals a position into an opaque cursor. */
export function sealCursor(signer: CursorSigner, binding: CursorBinding, position: ListPosition): string {
  const bytes = Buffer.alloc(payloadBytes);
  bytes.writeBigInt64BE(BigInt(position.createdAt.getTime()), 0);
  bytes.write(position.id.replaceAll('-', ''), 8, 'hex');
  const payload = bytes.toString('base64url');
  return `${payload}.${signer.sign('cursor', signedText(binding, payload))}`;
}

/** Opens a cursor; undefined for one that was not sealed by us for this tenant and query. */
export function openCursor(
  signer: CursorSigner,
  binding: CursorBinding,
  cursor: string,
): ListPosition | undefined {
  const [, payload, signature] = /^([\w-]{32})\.([\w-]{43})$/.exec(cursor) ?? [];
  if (payload === undefined || signature === undefined) return undefined;
  if (!signer.verify('cursor', signedText(binding, payload), signature)) return undefined;
  const bytes = Buffer.from(payload, 'base64url');
  const id = bytes.toString('hex', 8).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { createdAt: new Date(Number(bytes.readBigInt64BE(0))), id };
}
