import { readBoundedJson } from '../bounded-json.js';
import type { Unreadable } from '../provider-adapter.js';
import { unreadable } from '../unreadable.js';
import { vendorJobId } from '../vendor-text.js';
import { envelopeSchema, errorSchema, type Item, itemSchema, type TaskError } from './schemas.js';

/** What was said, entry by entry; those that cannot be read are left out. */
export interface Envelope {
  readonly kind: 'read';
  readonly items: readonly Item[];
  readonly errors: readonly TaskError[];
  /** As they came. */
  readonly data: readonly unknown[];
  /** It says that there is nothing: a whole list, without an entry, and no error. */
  readonly isEmpty: boolean;
}

/** The body of an answer or a webhook. */
export function readEnvelope(body: Uint8Array, maxBytes: number): Envelope | Unreadable {
  const json = readBoundedJson(body, maxBytes);
  return json.ok ? envelopeOf(json.value) : unreadable(json.reason);
}

/** The same of what the archive kept. */
export function envelopeOf(value: unknown): Envelope | Unreadable {
  const { data, errors } = envelopeSchema.safeParse(value).data ?? {};
  if (!data && !errors) return unreadable('neither tasks nor errors in the answer');
  return {
    kind: 'read',
    items: (data ?? []).flatMap((entry) => itemSchema.safeParse(entry).data ?? []),
    errors: (errors ?? []).flatMap((entry) => errorSchema.safeParse(entry).data ?? []),
    data: data ?? [],
    isEmpty: data?.length === 0 && !errors?.length,
  };
}

/** Those of one task, undefined where there is none. */
export function itemsOf(items: readonly Item[], taskId: string): readonly [Item, ...Item[]] | undefined {
  const [first, ...rest] = items.filter(({ taskUUID }) => taskUUID === taskId);
  return first === undefined ? undefined : [first, ...rest];
}

/** The one task that all of them name. */
export function onlyTask(
  named: readonly { readonly taskUUID?: string | null | undefined }[],
): string | undefined {
  const [id, ...others] = new Set(named.map(({ taskUUID }) => taskUUID));
  return others.length === 0 ? vendorJobId(id) : undefined;
}
