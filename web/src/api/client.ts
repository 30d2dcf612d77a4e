import type * as z from 'zod/mini';
import {
  acceptedSchema,
  type Generation,
  type Model,
  modelsSchema,
  oneSchema,
  pageSchema,
  problemSchema,
} from './schemas.js';

/** An answer of the API that is not the one asked for; the message is for the person at the page. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the same call may succeed later: no answer, or one that says so. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 429 || error.status >= 500;
}

async function call<T>(path: string, schema: z.ZodMiniType<T>, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, { credentials: 'same-origin', ...init }).catch(() => {
    throw new Error('Darkroom cannot be reached.');
  });
  const body = (response.headers.get('content-type') ?? '').includes('json')
    ? await readJson(response)
    : undefined;
  if (response.ok) {
    const read = schema.safeParse(body);
    if (read.success) return read.data;
    throw new Error('Darkroom answered something that this page does not understand.');
  }
  const problem = problemSchema.safeParse(body);
  if (!problem.success)
    throw new ApiError(response.status, 'unreadable', `Darkroom answered ${response.status}.`);
  const { code, detail, errors, title } = problem.data;
  const fields = errors?.map((error) => `${error.pointer || 'request'}: ${error.message}`).join('; ');
  throw new ApiError(response.status, code ?? 'unknown', fields || detail || title);
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

export interface NewGeneration {
  readonly prompt: string;
  readonly model: string;
  readonly size: string;
  readonly count: number;
}

/** Asks for images. The key makes a repeat of the same click harmless. @returns the generation's id */
export async function createGeneration(wish: NewGeneration, idempotencyKey: string): Promise<string> {
  const accepted = await call('/v1/generations', acceptedSchema, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    body: JSON.stringify(wish),
  });
  return accepted.data.id;
}

export async function getGeneration(id: string): Promise<Generation> {
  return (await call(`/v1/generations/${encodeURIComponent(id)}`, oneSchema)).data;
}

/** Newest first. */
export async function listGenerations(
  after: string | null,
): Promise<{ data: Generation[]; next: string | null }> {
  const query = new URLSearchParams({ limit: '24', ...(after === null ? {} : { after }) });
  return call(`/v1/generations?${query.toString()}`, pageSchema);
}

export async function cancelGeneration(id: string): Promise<Generation> {
  return (await call(`/v1/generations/${encodeURIComponent(id)}/cancel`, oneSchema, { method: 'POST' })).data;
}

export async function listModels(): Promise<Model[]> {
  return (await call('/v1/models', modelsSchema)).data;
}

/** Exchanges an API key for a session cookie that scripts cannot read. */
export async function openSession(key: string): Promise<void> {
  const response = await fetch('/v1/session', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
  });
  if (!response.ok) throw new ApiError(response.status, 'unauthorized', 'This key was not accepted.');
}
