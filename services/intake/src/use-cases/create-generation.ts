import { createHash } from 'node:crypto';
import type { EventData, OutputFormat } from '@darkroom/contract';
import type { EventStore } from '@darkroom/event-store';
import {
  currentTraceparent,
  type FieldError,
  inSpan,
  type Signer,
  spanAttributes,
  spanNames,
  turnsOutToBeAbout,
} from '@darkroom/platform';
import { type CapabilitySheet, estimateCost } from '@darkroom/providers';
import type { TenantBudgets } from '../adapters/tenant-budget.js';
import type { Principal } from '../adapters/key-directory.js';
import { type RequestFingerprint, requestFingerprint } from '../policy/request-fingerprint.js';
import { codePoints } from '../policy/code-points.js';
import { idTime } from '../policy/id-time.js';
import { beyondLimits, type ResolvedModel, resolveModel, type Routes } from '../policy/resolve-model.js';
import type { CreateGeneration } from '../schemas/create-generation.js';

/** What creating needs; ids (which hold the time) and randomness come in as functions. */
export interface CreatePorts {
  readonly store: Pick<EventStore, 'create' | 'findByKey'>;
  readonly signer: Signer;
  /** Models that may be asked for. */
  readonly models: readonly string[];
  readonly routes: Routes;
  readonly budgets: TenantBudgets;
  /** Of tenants that have none of their own, in millionths of a US dollar a day; null: no limit. */
  readonly dailyBudget: bigint | null;
  newGenerationId(): string;
  newEventId(): string;
  randomBytes(count: number): Buffer;
}

export interface CreateRequest {
  readonly principal: Principal;
  readonly idempotencyKey: string;
  /** Parsed, as sent. */
  readonly sent: unknown;
  /** Checked, with defaults. */
  readonly wish: CreateGeneration;
  readonly traceparent: string | undefined;
}

export type CreateResult =
  | {
      readonly outcome: 'accepted';
      readonly id: string;
      readonly createdAt: Date;
      readonly replayed: boolean;
    }
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'unknown-model' }
  | { readonly outcome: 'budget-used-up'; readonly until: Date }
  | { readonly outcome: 'beyond-limits'; readonly errors: readonly FieldError[] };

/**
 * Stores a request, once for each key. What was accepted once is answered the same way again, whatever was withdrawn since: the
 * store itself finds a key that was used, and is asked for it before models, limits or the budget refuse. What is refused leaves nothing
 * behind.
 */
export async function createGeneration(ports: CreatePorts, request: CreateRequest): Promise<CreateResult> {
  const { principal, wish } = request;
  const fingerprint = requestFingerprint(ports.signer, request.sent);
  const model = resolveModel(wish.model, principal.defaultRoute, ports.routes, ports.models);
  if (!model) return (await asBefore(ports, request, fingerprint)) ?? { outcome: 'unknown-model' };
  const errors = beyondLimits(wish, model.sheets);
  if (errors.length > 0)
    return (await asBefore(ports, request, fingerprint)) ?? { outcome: 'beyond-limits', errors };
  const stream = ports.newGenerationId();
  const budget = await ports.budgets.reserve({
    tenant: principal.tenant,
    budget: principal.dailyBudget ?? ports.dailyBudget,
    micros: BigInt(estimate(model.sheets, wish.count).micros),
    generation: stream,
  });
  if (budget.kind === 'used-up')
    return (
      (await asBefore(ports, request, fingerprint)) ?? { outcome: 'budget-used-up', until: budget.until }
    );
  turnsOutToBeAbout({ generation: stream });
  const created = await inSpan(spanNames.append, { kind: 'producer' }, async (span) => {
    const outcome = await appendRequest(ports, request, { stream, model, fingerprint: fingerprint.value });
    span.setAttribute(spanAttributes.outcome, outcome.outcome);
    return outcome;
  }).catch((error: unknown) => {
    // Where it was stored all the same, the model will tell.
    budget.release();
    throw error;
  });
  if (created.outcome !== 'created') budget.release();
  // The store compares hashes; the same request's is another one where the secret was changed since.
  if (created.outcome === 'mismatch')
    return (await asBefore(ports, request, fingerprint)) ?? { outcome: 'mismatch' };
  turnsOutToBeAbout({ generation: created.stream });
  return accepted(created.stream, created.outcome === 'replayed');
}

/** What is answered to a key that was used; undefined where it was not. */
async function asBefore(
  { store }: CreatePorts,
  { principal, idempotencyKey }: CreateRequest,
  fingerprint: RequestFingerprint,
): Promise<CreateResult | undefined> {
  const earlier = await store.findByKey(principal.tenant, idempotencyKey);
  if (!earlier) return undefined;
  if (!fingerprint.matches(earlier.fingerprint)) return { outcome: 'mismatch' };
  turnsOutToBeAbout({ generation: earlier.stream });
  return accepted(earlier.stream, true);
}

/** All of the generation's events are written in the context of this append: its span is the first that is over. */
async function appendRequest(
  ports: CreatePorts,
  { principal, idempotencyKey, wish, traceparent: ofRequest }: CreateRequest,
  { stream, model, fingerprint }: { stream: string; model: ResolvedModel; fingerprint: string },
): ReturnType<CreatePorts['store']['create']> {
  const traceparent = currentTraceparent() ?? ofRequest;
  return ports.store.create({
    tenant: principal.tenant,
    idempotencyKey,
    fingerprint,
    stream,
    event: {
      id: ports.newEventId(),
      type: 'GenerationRequested',
      data: requestedEvent(ports, idTime(stream), wish, model),
    },
    metadata: {
      tenant: principal.tenant,
      actor: `client:${principal.keyId}`,
      ...(traceparent === undefined ? {} : { traceparent }),
    },
  });
}

function accepted(id: string, replayed: boolean): CreateResult {
  return { outcome: 'accepted', id, createdAt: new Date(idTime(id)), replayed };
}

const formats: Record<CreateGeneration['output_format'], OutputFormat> = {
  png: 'OUTPUT_FORMAT_PNG',
  jpeg: 'OUTPUT_FORMAT_JPEG',
  webp: 'OUTPUT_FORMAT_WEBP',
};

function requestedEvent(
  ports: CreatePorts,
  now: number,
  wish: CreateGeneration,
  model: ResolvedModel,
): EventData['GenerationRequested'] {
  const salt = ports.randomBytes(16);
  const [width = 0, height = 0] = wish.size.split('x').map(Number);
  return {
    prompt: wish.prompt,
    promptSalt: salt.toString('hex'),
    promptDigest: {
      saltedSha256: createHash('sha256').update(salt).update(wish.prompt, 'utf8').digest('hex'),
      length: codePoints(wish.prompt),
    },
    model: model.name,
    route: [...model.route],
    width,
    height,
    count: wish.count,
    minCount: wish.min_count ?? wish.count,
    seed: wish.seed ?? ports.randomBytes(4).readUInt32BE(),
    outputFormat: formats[wish.output_format],
    metadata: wish.metadata ?? {},
    deadlineSeconds: wish.deadline_seconds,
    deadline: new Date(now + wish.deadline_seconds * 1000).toISOString(),
    requestedAt: new Date(now).toISOString(),
    estimatedCost: estimate(model.sheets, wish.count),
  };
}

/** The first model's price: the others are tried only when it cannot. */
function estimate(sheets: readonly CapabilitySheet[], count: number): { micros: string; currency: string } {
  const [sheet] = sheets;
  if (!sheet) throw new Error('a route has at least one model');
  return estimateCost(sheet, count);
}
