import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventData } from '@darkroom/contract';
import { type Command, decide, type GenerationState, mayAppend } from '@darkroom/domain';
import { busMigrations } from '@darkroom/event-bus';
import { createPostgresEventStore, type EventStore, type NewEvent } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { newGenerationId, type RunningService } from '@darkroom/platform';
import { loadProviderAccount, providerAccountStream, tenantOfAccounts } from '@darkroom/provider-accounts';
import {
  type ProviderAccount,
  type ProviderGatewayConfig,
  providerGatewayMigrations,
  type ProviderGatewayOptions,
  simulatorAccount,
  startProviderGateway,
} from '../index.js';
import { loadGeneration, type LoadedGeneration } from '../use-cases/load-generation.js';

/** What differs from a plain request of a picture. */
export interface Asked {
  readonly route?: readonly string[];
  readonly count?: number;
  /** Width and height. */
  readonly side?: number;
  readonly tenant?: string;
  readonly deadlineMs?: number;
  readonly traceparent?: string;
}

/** A row of the gateway's work table. */
export interface JobRow {
  readonly phase: string | null;
  readonly holder: string | null;
  readonly holdsSlot: boolean;
  readonly ready: boolean;
  /** Version of the stream that its last holder saw. */
  readonly seen: number;
}

/** The service on a real Postgres, and a hand that plays intake, operators and the artifact service. */
export class GatewayUnderTest {
  private readonly dataDir = mkdtempSync(join(tmpdir(), 'darkroom-gateway-'));
  private readonly running: RunningService[] = [];
  private constructor(
    readonly database: TestDatabase,
    readonly store: EventStore,
  ) {}

  static async create(): Promise<GatewayUnderTest> {
    const database = await createTestDatabase({ migrations: [busMigrations, ...providerGatewayMigrations] });
    return new GatewayUnderTest(database, createPostgresEventStore(database.sql, { mayAppend }));
  }

  /** A gateway that serves the simulator's models at this URL. */
  async start(
    vendorUrl: string,
    config: Partial<ProviderGatewayConfig> & {
      readonly slots?: number;
      readonly limits?: ProviderAccount['limits'];
    } = {},
    options: ProviderGatewayOptions = {},
  ): Promise<RunningService> {
    const { slots, limits = slots === undefined ? {} : { concurrent: slots }, ...rest } = config;
    const account: ProviderAccount = { ...simulatorAccount(vendorUrl), limits };
    const service = await startProviderGateway(
      {
        databaseUrl: this.database.url,
        publicUrl: 'http://127.0.0.1:9',
        bus: { kind: 'postgres' },
        objects: { kind: 'local-disk', directory: join(this.dataDir, 'objects') },
        signingSecrets: ['a secret of these tests alone'],
        accounts: [account],
        logLevel: 'silent',
        leaseSeconds: 3,
        ...rest,
      },
      options,
    );
    this.running.push(service);
    return service;
  }

  async stopServices(): Promise<void> {
    for (const service of this.running.splice(0)) await service.stop();
  }

  async drop(): Promise<void> {
    await this.stopServices();
    await this.store.stop();
    await this.database.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** What intake appends for a request. @returns the generation's id */
  async request(model: string, asked: Asked = {}): Promise<string> {
    const {
      route = [`sim/${model}`],
      count = 1,
      side = 64,
      tenant = 'acme',
      deadlineMs = 3_600_000,
      traceparent,
    } = asked;
    const stream = newGenerationId();
    const now = Date.now();
    const prompt = `a lighthouse ${stream}`;
    const data: EventData['GenerationRequested'] = {
      prompt,
      promptSalt: '00',
      promptDigest: {
        saltedSha256: createHash('sha256').update(prompt).digest('hex'),
        length: prompt.length,
      },
      model: `sim/${model}`,
      route: [...route],
      width: side,
      height: side,
      count,
      minCount: 1,
      seed: 7,
      outputFormat: 'OUTPUT_FORMAT_PNG',
      metadata: {},
      deadlineSeconds: Math.ceil(deadlineMs / 1000),
      deadline: new Date(now + deadlineMs).toISOString(),
      requestedAt: new Date(now).toISOString(),
      estimatedCost: { micros: '40000', currency: 'USD' },
    };
    await this.store.create({
      tenant,
      idempotencyKey: stream,
      fingerprint: stream,
      stream,
      event: { id: randomUUID(), type: 'GenerationRequested', data },
      metadata: { tenant, actor: 'client:test', ...(traceparent === undefined ? {} : { traceparent }) },
    });
    return stream;
  }

  /** What another service appends: the decision on this command. */
  async command(
    generation: string,
    by: 'intake' | 'control-plane' | 'artifact',
    commandOf: (state: GenerationState) => Command,
  ): Promise<void> {
    for (let race = 0; race < 20; race += 1) {
      const { state } = await this.load(generation);
      const decision = decide(commandOf(state), state);
      if (decision.kind === 'refused') throw new Error(`refused: ${decision.reason}`);
      const { outcome } = await this.store.append({
        stream: generation,
        expected: state.version,
        events: decision.events.map((event): NewEvent => ({ id: randomUUID(), ...event })),
        metadata: { tenant: 'acme', actor: 'test' },
        by,
      });
      if (outcome === 'appended') return;
    }
    throw new Error('no append won');
  }

  /** What an operator writes down about the account: its policy. */
  async resubmitsUnknown(resubmitUnknown: boolean): Promise<void> {
    const type = 'ProviderAccountPolicyChanged';
    await this.operator((account) => ({
      id: randomUUID(),
      type,
      data: { account, resubmitUnknown, reason: 'a test' },
    }));
  }

  /** The same: that it is to stop. */
  async pauseAccount(): Promise<void> {
    const cause = 'PAUSE_CAUSE_OPERATOR';
    await this.operator((account) => ({
      id: randomUUID(),
      type: 'ProviderAccountPaused',
      data: { account, cause, reason: 'a test' },
    }));
  }

  private async operator(said: (account: string) => NewEvent): Promise<void> {
    const account = simulatorAccount('').id;
    const loaded = await loadProviderAccount(this.store, account);
    if (loaded === undefined) throw new Error('no gateway has registered the account');
    const { outcome } = await this.store.append({
      stream: providerAccountStream(account),
      expected: loaded.state.version,
      events: [said(account)],
      metadata: { tenant: tenantOfAccounts, actor: 'operator:test' },
      by: 'control-plane',
    });
    if (outcome !== 'appended') throw new Error(outcome);
  }

  /** Why the account only probes; null: it does not. */
  async pausedBy(account = simulatorAccount('').id): Promise<string | null> {
    const [row] = await this.database.sql<{ paused_by: string | null }[]>`
      select paused_by from gateway.account_gates where account = ${account}`;
    return row?.paused_by ?? null;
  }

  async cancel(generation: string): Promise<void> {
    const command = { type: 'cancel', now: Date.now(), by: 'REQUESTER_CLIENT', reason: '' } as const;
    await this.command(generation, 'intake', () => command);
  }

  /** A webhook about an attempt, as intake records it. */
  async notify(generation: string, body: object, signed = true): Promise<void> {
    const text = JSON.stringify(body);
    const bodySha256 = createHash('sha256').update(text).digest('hex');
    await this.command(generation, 'intake', () => ({
      type: 'notify',
      attempt: 1,
      vendor: 'sim',
      notificationId: randomUUID(),
      bodySha256,
      signed,
      body: text,
      stagingKey: '',
    }));
  }

  async load(generation: string): Promise<LoadedGeneration> {
    const loaded = await loadGeneration(this.store, generation);
    if (loaded === undefined) throw new Error(`no stream ${generation}`);
    return loaded;
  }

  /** Types of the stream's events, in order. */
  async types(generation: string): Promise<string[]> {
    return (await this.load(generation)).events.map(({ type }) => type);
  }

  /** The state, as soon as it is so. */
  async when(
    what: string,
    generation: string,
    is: (state: GenerationState) => boolean,
    seconds = 45,
  ): Promise<GenerationState> {
    return until(seconds, async () => {
      const { state, events } = await this.load(generation);
      return is(state) ? state : `${what}: ${events.map(({ type }) => type).join(' ')}`;
    });
  }

  /** The row of its work, as soon as it is so. */
  async whenRow(
    what: string,
    generation: string,
    is: (row: JobRow) => boolean,
    seconds = 45,
  ): Promise<JobRow> {
    return until(seconds, async () => {
      const [row] = await this.database.sql<JobRow[]>`
        select phase, holder, holds_slot as "holdsSlot", ready_since is not null as ready,
          folded_version as seen
        from gateway.jobs where generation = ${generation}`;
      return row !== undefined && is(row) ? row : `${what}: ${JSON.stringify(row)}`;
    });
  }
}

/** Asks again until the answer is more than words on what is missing. */
export async function until<T extends object>(seconds: number, ask: () => Promise<T | string>): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (typeof answer !== 'string') return answer;
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${answer}`);
    await pause(20);
  }
}
