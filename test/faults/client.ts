import { z } from 'zod';

const acceptedSchema = z.object({ data: z.object({ id: z.string(), status: z.string() }) });

const resourceSchema = z.object({
  data: z.object({
    id: z.string(),
    run: z.int(),
    version: z.int(),
    status: z.enum(['queued', 'processing', 'verifying', 'succeeded', 'failed', 'canceled']),
    status_reason: z.object({ code: z.string(), message: z.string() }).nullable(),
    prompt: z.string().nullable(),
    model: z.string(),
    attempts: z.int(),
    artifacts: z.array(
      z.object({
        index: z.int(),
        sha256: z.string(),
        bytes: z.int(),
        media_type: z.string(),
        content_url: z.string(),
        thumbnail_url: z.string(),
      }),
    ),
    error: z
      .object({ code: z.string(), message: z.string(), charge: z.enum(['none', 'possible', 'certain']) })
      .nullable(),
    cost: z.object({
      currency: z.string().nullable(),
      estimated_micros: z.string().nullable(),
      actual_micros: z.string().nullable(),
    }),
  }),
});

const ledgerLineSchema = z.object({
  seq: z.int(),
  at: z.string(),
  model: z.string(),
  /** Null where the submit could not even be read. */
  prompt: z.string().nullable(),
  reference: z.string().nullish(),
  key: z.string().nullish(),
  job_id: z.string().nullable(),
  accepted: z.boolean(),
  replay: z.boolean(),
  charged_micros: z.number(),
});

export type Resource = z.infer<typeof resourceSchema>['data'];
export type LedgerLine = z.infer<typeof ledgerLineSchema>;

/** What of a ready file a client needs. */
export interface Target {
  readonly intake: string;
  readonly simulator: string;
  readonly demo_key: string;
}

/** How one POST went: acknowledged, refused with a time to come back, or without an answer. */
export type Created =
  | { readonly kind: 'accepted'; readonly id: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'silent' };

/** An intake that takes longer has not answered. */
const answerWithinMs = 30_000;

/** POSTs once. @returns the generation's id, or undefined when there was no acknowledgement (no answer, or 503 with Retry-After). */
export async function tryCreate(
  target: Target,
  key: string,
  body: Record<string, unknown>,
): Promise<string | undefined> {
  const created = await createOnce(target, key, body);
  return created.kind === 'accepted' ? created.id : undefined;
}

/** POSTs once. @throws Error for an answer that is neither a 202 nor a 503 with Retry-After */
export async function createOnce(
  target: Target,
  key: string,
  body: Record<string, unknown>,
): Promise<Created> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${target.intake}/v1/generations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${target.demo_key}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    text = await response.text();
  } catch {
    return { kind: 'silent' };
  }
  if (response.status === 503 && response.headers.has('retry-after')) return { kind: 'refused' };
  if (response.status !== 202) throw new Error(`POST answered ${response.status}: ${text}`);
  return { kind: 'accepted', id: acceptedSchema.parse(JSON.parse(text)).data.id };
}

/** POSTs a cancellation once. @returns undefined: no answer, or one that says to try again */
export async function tryCancel(target: Target, id: string): Promise<'taken' | 'too_late' | undefined> {
  let response: Response;
  try {
    response = await fetch(`${target.intake}/v1/generations/${id}/cancel`, {
      method: 'POST',
      headers: { authorization: `Bearer ${target.demo_key}` },
    });
    await response.text();
  } catch {
    return undefined;
  }
  if (response.ok) return 'taken';
  if (response.status === 409) return 'too_late';
  if (response.status === 503 && response.headers.has('retry-after')) return undefined;
  throw new Error(`cancel answered ${response.status}`);
}

/** One generation as the API shows it. @throws Error for anything but 200 */
export async function getGeneration(target: Target, id: string): Promise<Resource> {
  const found = await findGeneration(target, id);
  if (found === undefined) throw new Error(`GET ${id} answered 404`);
  return found;
}

/** The same; undefined: the API answered that there is none. @throws Error for anything but 200 and 404 */
export async function findGeneration(target: Target, id: string): Promise<Resource | undefined> {
  const response = await fetch(`${target.intake}/v1/generations/${id}`, {
    headers: { authorization: `Bearer ${target.demo_key}` },
  });
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw new Error(`GET ${id} answered ${response.status}: ${text}`);
  return resourceSchema.parse(JSON.parse(text)).data;
}

/** The bytes behind a path of the intake. */
export async function getBytes(target: Target, path: string): Promise<Buffer> {
  const response = await fetch(new URL(path, target.intake));
  if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Sets the simulator's faults, all at once. */
export async function setFaults(target: Target, faults: Record<string, unknown>): Promise<void> {
  const response = await fetch(`${target.simulator}/admin/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(faults),
  });
  if (!response.ok) throw new Error(`faults refused: ${response.status} ${await response.text()}`);
}

/** The vendor's own bill: one line for every submit that reached it. */
export async function readLedger(target: Target): Promise<LedgerLine[]> {
  const response = await fetch(`${target.simulator}/admin/ledger`);
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ledgerLineSchema.parse(JSON.parse(line)));
}

/** Models whose unknown outcomes the vendor itself can settle: exactly one charge each, and always an end. */
export const settledByVendor: ReadonlySet<string> = new Set(['sim/standard', 'sim/keyed', 'sim/reject']);

/** Nothing more will happen to it unless a person acts, and nobody else could. */
export function isSettled(resource: Resource): boolean {
  const needsPerson = resource.status_reason?.code === 'needs_attention';
  return isFinal(resource) || (needsPerson && !settledByVendor.has(resource.model));
}

export function isFinal(resource: Resource): boolean {
  return resource.status === 'succeeded' || resource.status === 'failed' || resource.status === 'canceled';
}
