import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mayAppend } from '@darkroom/domain';
import { busMigrations } from '@darkroom/event-bus';
import { createPostgresEventStore, type EventStore, type NewEvent } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { generateApiKey, toPublicId } from '@darkroom/platform';
import { readModelMigrations } from '@darkroom/read-models';
import { sampleEvent } from '@darkroom/read-models/testing';
import { z } from 'zod';
import { controlPlaneMigrations, type RunningControlPlane, startControlPlane } from '../index.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const problem = z.object({
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  trace_id: z.string(),
  errors: z.array(z.object({ pointer: z.string(), code: z.string() })),
});
const view = z.looseObject({
  id: z.string(),
  state: z.string(),
  run: z.number(),
  decision_version: z.number(),
  attempts: z.array(
    z.looseObject({ number: z.number(), status: z.string(), evidence: z.array(z.unknown()) }),
  ),
  can: z.array(
    z.looseObject({
      action: z.string(),
      with: z.record(z.string(), z.unknown()),
      allowed: z.boolean(),
      refusal: z.string().nullable(),
      refusal_message: z.string().nullable(),
      needs_accept_double_charge: z.boolean(),
      may_cost: z.unknown(),
    }),
  ),
  events: z.array(z.looseObject({ type: z.string(), actor: z.string(), data: z.looseObject({}) })),
});
/** One generation as the operators' API shows it. */
export const envelope = z.object({ data: view });
const page = z.object({ data: z.array(z.looseObject({})), next: z.string().nullable() });

type Problem = z.infer<typeof problem>;
type View = z.infer<typeof view>;
type Page = z.infer<typeof page>;

/** A stream, and the id that operators write for it. */
export interface Subject {
  readonly stream: string;
  readonly id: string;
}

/** The operators' API on a database of its own, with the histories that its tests ask it about. */
export class ControlPlaneUnderTest {
  private constructor(
    readonly database: TestDatabase,
    readonly store: EventStore,
    readonly operatorKey: string,
    private readonly service: RunningControlPlane,
  ) {}

  static async create(): Promise<ControlPlaneUnderTest> {
    const database = await createTestDatabase({
      migrations: [busMigrations, readModelMigrations, controlPlaneMigrations],
    });
    const store = createPostgresEventStore(database.sql, { mayAppend });
    const operatorKey = generateApiKey('dk_ops');
    return new ControlPlaneUnderTest(database, store, operatorKey, await started(database, operatorKey));
  }

  async drop(): Promise<void> {
    await this.service.stop();
    await this.store.stop();
    await this.database.drop();
  }

  /** One more on the same database. Who asks for it stops it. */
  async start(operatorKey = this.operatorKey): Promise<RunningControlPlane> {
    return started(this.database, operatorKey);
  }

  async call(path: string, init: RequestInit = {}, key: string | null = this.operatorKey): Promise<Response> {
    return fetch(`${this.service.url}${path}`, {
      ...init,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
  }

  /** An intervention. */
  async post(id: string, action: string, body: object): Promise<Response> {
    return this.call(`/ops/v1/generations/${id}/${action}`, { method: 'POST', body: JSON.stringify(body) });
  }

  /** What the API shows of a generation. */
  async look(id: string): Promise<View> {
    return envelope.parse(await (await this.call(`/ops/v1/generations/${id}`)).json()).data;
  }

  /** One page of whatever is listed. */
  async found(path: string): Promise<Page> {
    return page.parse(await (await this.call(`/ops/v1/${path}`)).json());
  }

  async auditOf(id: string): Promise<Page['data']> {
    return (await this.found(`audit?generation=${id}`)).data;
  }

  async append(stream: string, after: number, events: NewEvent[], tenant = 'acme'): Promise<void> {
    let version = after;
    for (const event of events) {
      const { outcome } = await this.store.append({
        stream,
        expected: version,
        events: [event],
        metadata: { tenant, actor: 'service:test', traceparent },
        by: mayAppend[event.type][0],
      });
      if (outcome !== 'appended') throw new Error(`${event.type}: ${outcome}`);
      version += 1;
    }
  }

  async generation(...events: NewEvent[]): Promise<Subject> {
    const stream = randomUUID();
    await this.append(stream, 0, [sampleEvent('GenerationRequested'), ...events]);
    return { stream, id: toPublicId('gen', stream) };
  }

  async unknown(): Promise<Subject> {
    return this.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionOutcomeUnknown', { settleUntil: '2026-01-01T00:00:00Z' }),
    );
  }

  async running(jobId = 'job-1'): Promise<Subject> {
    return this.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionAccepted', { vendorJobId: jobId }),
    );
  }

  async failed(): Promise<Subject> {
    return this.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionAccepted'),
      sampleEvent('AttemptFailed'),
      sampleEvent('GenerationFailed'),
    );
  }

  async typesOf(stream: string): Promise<string[]> {
    return (await this.store.readStream(stream)).map((event) => event.type);
  }
}

async function started(database: TestDatabase, operatorKey: string): Promise<RunningControlPlane> {
  return startControlPlane({
    databaseUrl: database.url,
    host: '127.0.0.1',
    port: 0,
    operatorKey,
    accounts: [],
    logLevel: 'silent',
  });
}

/** What a refusal said. @throws where it is no problem as the API promises them */
export async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get('content-type');
  if (type !== 'application/problem+json') throw new Error(`its content type is ${type}`);
  return problem.parse(await response.json());
}
