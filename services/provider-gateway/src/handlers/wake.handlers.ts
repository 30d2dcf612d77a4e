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
  version,
  metadata,
}: Pick<BusMessage, 'stream' | 'version' | 'metadata'>): Wake {
  return {
    generation: stream,
    tenant: metadata.tenant,
    version,
    ...(metadata.traceparent === undefined ? {} : { traceparent: metadata.traceparent }),
  };
}
