import type * as z from 'zod/mini';
import {
  acceptedSchema,
  type Counts,
  countsSchema,
  type Generation,
  type HistoryEvent,
  historySchema,
  type Model,
  modelsSchema,
  oneSchema,
  pageSchema,
  problemSchema,
  type Troubles,
  troublesSchema,
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

async function answer(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, { credentials: 'same-origin', ...init }).catch(() => {
    throw new Error('Darkroom cannot be reached.');
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function call<T>(path: string, schema: z.ZodMiniType<T>, init: RequestInit = {}): Promise<T> {
  const read = schema.safeParse(await readJson(await answer(path, init)));
  if (read.success) return read.data;
  throw new Error('Darkroom answered something that this page does not understand.');
}

async function problemOf(response: Response): Promise<ApiError> {
  const problem = problemSchema.safeParse(await readJson(response));
  if (!problem.success)
    return new ApiError(response.status, 'unreadable', `Darkroom answered ${response.status}.`);
  const { code, detail, errors, title } = problem.data;
  const fields = errors?.map((error) => `${error.pointer || 'request'}: ${error.message}`).join('; ');
  return new ApiError(response.status, code ?? 'unknown', fields || detail || title);
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

const json = (method: 'POST' | 'PUT', body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
const pathOf = (id: string): string => `/v1/generations/${encodeURIComponent(id)}`;

/** What is asked for; what is absent is left to Darkroom. */
export interface NewGeneration {
  readonly prompt: string;
  readonly model: string;
  readonly size: string;
  readonly count: number;
  readonly output_format?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Asks for images. The key makes a repeat of the same click harmless. @returns the generation's id */
export async function createGeneration(wish: NewGeneration, idempotencyKey: string): Promise<string> {
  const headers = { 'idempotency-key': idempotencyKey };
  return (await call('/v1/generations', acceptedSchema, json('POST', wish, headers))).data.id;
}

export async function getGeneration(id: string): Promise<Generation> {
  return (await call(pathOf(id), oneSchema)).data;
}

/** Newest first. */
export async function listGenerations(query: {
  readonly after: string | null;
  readonly statuses: readonly string[] | undefined;
}): Promise<{ data: Generation[]; next: string | null }> {
  const parameters = new URLSearchParams({
    limit: '24',
    ...(query.after === null ? {} : { after: query.after }),
    ...(query.statuses === undefined ? {} : { status: query.statuses.join(',') }),
  });
  return call(`/v1/generations?${parameters.toString()}`, pageSchema);
}

/** How many there are at each status. */
export async function countGenerations(): Promise<Counts> {
  return (await call('/v1/generations/counts', countsSchema)).data;
}

/** What happened to one generation, the oldest first. */
export async function getHistory(id: string): Promise<HistoryEvent[]> {
  return (await call(`${pathOf(id)}/events`, historySchema)).data;
}

export async function cancelGeneration(id: string): Promise<Generation> {
  return (await call(`${pathOf(id)}/cancel`, oneSchema, { method: 'POST' })).data;
}

/** Erases prompt and pictures, for ever. */
export async function eraseContent(id: string): Promise<void> {
  await answer(`${pathOf(id)}/content`, { method: 'DELETE' });
}

export async function listModels(): Promise<Model[]> {
  return (await call('/v1/models', modelsSchema)).data;
}

/** What can go wrong at the demo's vendor, and what does. */
export async function getTroubles(): Promise<Troubles> {
  return (await call('/demo/vendor', troublesSchema)).data;
}

export async function causeTrouble(trouble: string): Promise<Troubles> {
  return (await call('/demo/vendor', troublesSchema, json('PUT', { trouble }))).data;
}

/** Exchanges an API key for a session cookie that scripts cannot read. */
export async function openSession(key: string): Promise<void> {
  const response = await fetch('/v1/session', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
  });
  if (!response.ok) throw new ApiError(response.status, 'unauthorized', 'This key was not accepted.');
}
