import type { EventData } from '@darkroom/contract';
import type { BusMessage } from '@darkroom/event-bus';
import type { RecordedEvent } from '@darkroom/event-store';
import type { Wake, WorkTable } from '@darkroom/work-table';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';

/** Wakes rows. A message tells that there is something to look at, and nothing else. */
export interface Waker {
  readonly jobs: Pick<WorkTable, 'wake'>;
  readonly queueOf: QueueOf;
  readonly poke: () => void;
}
/** The account that work along this route waits for, and whether it may go to another; undefined: nobody serves it. */
export type QueueOf = (route: readonly string[]) => Required<Pick<Wake, 'account' | 'elsewhere'>> | undefined;
export const WAKER = Symbol('waker');

/** What others append, and what may change the gateway's next step. */
export const wakingTypes = [
  'GenerationRequested',
  'CancellationRequested',
  'FailureOrdered',
  'DeadlineExtended',
  'RetryOrdered',
  'OrphanAdopted',
  'ProviderNotified',
  'SubmissionResolved',
  'ArtifactRejected',
  'GenerationCompleted',
  'GenerationFailed',
] as const;

/** What begins a run, in whose trace the run's work belongs. Of the others a webhook's or a cancel's is a trace of its own. */
const beginRuns = new Set<string>(['GenerationRequested', 'RetryOrdered', 'OrphanAdopted']);

@Controller()
export class WakeHandlers {
  constructor(@Inject(WAKER) private readonly waker: Waker) {}

  @EventPattern([...wakingTypes])
  async onEvent(@Payload() message: BusMessage): Promise<void> {
    await this.waker.jobs.wake(wakeOf(message, this.waker.queueOf));
    this.waker.poke();
  }
}

/** What an event asks of the gateway's work: a look at its generation, or, where that is new, a slot of its account in its tenant's turn. */
export function wakeOf(event: BusMessage | RecordedEvent, queueOf: QueueOf): Wake {
  const { stream, type, version, metadata } = event;
  return {
    generation: stream,
    tenant: metadata.tenant,
    version,
    ...(metadata.traceparent === undefined || !beginRuns.has(type)
      ? {}
      : { traceparent: metadata.traceparent }),
    ...(event.type === 'GenerationRequested' ? waitingForItsTurn(event.data, queueOf) : {}),
  };
}

function waitingForItsTurn(
  { route, count, deadline }: Pick<EventData['GenerationRequested'], 'route' | 'count' | 'deadline'>,
  queueOf: QueueOf,
): Pick<Wake, 'account' | 'elsewhere' | 'cost' | 'at'> {
  const queue = queueOf(route);
  return { cost: Math.max(count, 1), ...(queue === undefined ? {} : { ...queue, at: new Date(deadline) }) };
}
