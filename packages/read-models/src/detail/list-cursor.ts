import { createHmac, timingSafeEqual } from 'node:crypto';

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

const payloadBytes = 24;
const macBytes = 16;

function mac(key: string, binding: CursorBinding, payload: Buffer): Buffer {
  const bound = JSON.stringify(['detail-list-1', binding.tenant, binding.query]);
  return createHmac('sha256', key).update(bound).update('\0').update(payload).digest().subarray(0, macBytes);
}

/** Seals a position into an opaque cursor. */
export function sealCursor(key: string, binding: CursorBinding, position: ListPosition): string {
  const payload = Buffer.alloc(payloadBytes);
  payload.writeBigInt64BE(BigInt(position.createdAt.getTime()), 0);
  payload.write(position.id.replaceAll('-', ''), 8, 'hex');
  return Buffer.concat([payload, mac(key, binding, payload)]).toString('base64url');
}

/** Opens a cursor; undefined for one that was not sealed by us for this tenant and query. */
export function openCursor(key: string, binding: CursorBinding, cursor: string): ListPosition | undefined {
  if (!/^[\w-]{54}$/.test(cursor)) return undefined;
  const bytes = Buffer.from(cursor, 'base64url');
  // The last of the 54 characters carries spare bits: only one spelling of a cursor is ours.
  if (bytes.length !== payloadBytes + macBytes || bytes.toString('base64url') !== cursor) return undefined;
  const payload = bytes.subarray(0, payloadBytes);
  if (!timingSafeEqual(bytes.subarray(payloadBytes), mac(key, binding, payload))) return undefined;
  const hex = payload.toString('hex', 8);
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { createdAt: new Date(Number(payload.readBigInt64BE(0))), id };
}
