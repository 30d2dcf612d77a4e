import type { BusMessage } from '@darkroom/event-bus';
import type { Wake, WorkTable } from '@darkroom/work-table';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';

/** Wakes rows. A message tells that there is something to look at, and nothing else. */
export interface Waker {
  readonly jobs: Pick<WorkTable, 'wake'>;
  readonly poke: () => void;
}
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
    await this.waker.jobs.wake(wakeOf(message));
    this.waker.poke();
  }
}

/** What an event asks of the gateway's work: a look at its generation. */
export function wakeOf({
  stream,
  type,
  version,
  metadata,
}: Pick<BusMessage, 'stream' | 'type' | 'version' | 'metadata'>): Wake {
  return {
    generation: stream,
    tenant: metadata.tenant,
    version,
    ...(metadata.traceparent === undefined || !beginRuns.has(type)
      ? {}
      : { traceparent: metadata.traceparent }),
  };
}
