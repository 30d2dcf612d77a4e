import type { BusMessage } from '@darkroom/event-bus';
import type { WorkTable } from '@darkroom/work-table';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';

/** Wakes rows. A message tells that there is something to look at, and nothing else. */
export interface Waker {
  readonly jobs: Pick<WorkTable, 'wake'>;
  readonly poke: () => void;
}
export const WAKER = Symbol('waker');

/** What others append, and what may change the gateway's next step. */
const wakingTypes = [
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
    const { stream, version, metadata } = message;
    await this.waker.jobs.wake({
      generation: stream,
      tenant: metadata.tenant,
      version,
      ...(metadata.traceparent === undefined ? {} : { traceparent: metadata.traceparent }),
    });
    this.waker.poke();
  }
}
