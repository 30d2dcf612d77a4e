import type { z } from 'zod';
import {
  acceptedSchema,
  type Generation,
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

async function call<T>(path: string, schema: z.ZodType<T>, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, { credentials: 'same-origin', ...init });
  const body: unknown = response.headers.get('content-type')?.includes('json')
    ? await response.json()
    : undefined;
  if (!response.ok) {
    const problem = problemSchema.safeParse(body);
    if (!problem.success)
      throw new ApiError(response.status, 'unreadable', `The server answered ${response.status}.`);
    const fields = problem.data.errors
      ?.map((error) => `${error.pointer || 'request'}: ${error.message}`)
      .join('; ');
    throw new ApiError(
      response.status,
      problem.data.code ?? 'unknown',
      fields || problem.data.detail || problem.data.title,
    );
  }
  return schema.parse(body);
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

export async function listModels(): Promise<string[]> {
  return (await call('/v1/models', modelsSchema)).data.map((model) => model.id);
}

/** Exchanges an API key for a session cookie that scripts cannot read. */
export async function openSession(key: string): Promise<void> {
  const response = await fetch('/v1/session', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
  });
  if (!response.ok) throw new ApiError(response.status, 'unauthorized', 'This key was not accepted.');
}
