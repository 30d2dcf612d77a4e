import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { eventSchemas, type EventType, isEventType } from '@darkroom/contract';
import type { EventStore, MayAppend, NewEvent } from '@darkroom/event-store';
import { Controller, Module, type Type } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { BusMessage } from '../message.js';
import type { ConsumeRequest } from './harness.js';

/** The context that every event of the cases carries. */
export const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
/** What the cases write. */
export const conformanceTypes: EventType[] = [
  'GenerationRequested',
  'ProgressReported',
  'CancellationRequested',
];

const services = ['intake', 'provider-gateway', 'artifact', 'control-plane'] as const;
/** All may append everything: who may what is not what is tested. */
export const mayAppend = Object.fromEntries(
  Object.keys(eventSchemas)
    .filter(isEventType)
    .map((type) => [type, services]),
) as unknown as MayAppend;

function requested(): NewEvent<'GenerationRequested'> {
  return {
    id: randomUUID(),
    type: 'GenerationRequested',
    data: {
      prompt: 'a red bicycle in the rain',
      promptSalt: '00',
      promptDigest: { saltedSha256: '00', length: 25 },
      model: 'sim/standard',
      route: ['sim/standard'],
      width: 64,
      height: 64,
      count: 1,
      minCount: 1,
      seed: 1,
      outputFormat: 'OUTPUT_FORMAT_PNG',
      metadata: {},
      deadlineSeconds: 60,
      deadline: '2026-11-24T11:00:00Z',
      requestedAt: '2026-11-24T10:00:00Z',
      estimatedCost: { micros: '40000', currency: 'USD' },
    },
  };
}

/** What follows the request in a stream. */
export const later = {
  ProgressReported: { run: 1, attempt: 1, percent: 10, vendorStatus: 'running' },
  CancellationRequested: { run: 1, requestedBy: 'REQUESTER_CLIENT', reason: '' },
} as const;

function nextEvent(version: number, type: keyof typeof later): NewEvent {
  if (version === 0) return requested();
  const id = randomUUID();
  return type === 'ProgressReported'
    ? { id, type, data: { ...later[type] } }
    : { id, type, data: { ...later[type] } };
}

/** Appends to the store, one event at a time, and knows each stream's version. */
export function sampleAppender(
  store: Pick<EventStore, 'append'>,
): (stream: string, type?: keyof typeof later) => Promise<number> {
  const versions = new Map<string, number>();
  return async (stream, type = 'ProgressReported') => {
    const version = versions.get(stream) ?? 0;
    const outcome = await store.append({
      stream,
      expected: version === 0 ? 'none' : version,
      events: [nextEvent(version, type)],
      metadata: { tenant: 'demo', actor: 'service:test', traceparent },
      by: 'intake',
    });
    if (outcome.outcome !== 'appended') throw new Error(`not appended: ${outcome.outcome}`);
    versions.set(stream, version + 1);
    return version + 1;
  };
}

/** A Nest module whose one handler does what the case wants. */
export function moduleOf(request: Pick<ConsumeRequest, 'types' | 'handle'>): Type {
  @Controller()
  class Handlers {
    @EventPattern([...(request.types ?? conformanceTypes)])
    async on(@Payload() message: BusMessage): Promise<void> {
      await request.handle(message);
    }
  }
  @Module({ controllers: [Handlers] })
  class HandlersModule {}
  return HandlersModule;
}
