import type { BusMessage } from '@darkroom/event-bus';
import type { WorkTable } from '@darkroom/work-table';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';

/** Makes jobs due. A class, so that Nest can inject it. */
export class Waker {
  constructor(
    private readonly work: Pick<WorkTable, 'wake'>,
    private readonly poke: () => void,
  ) {}

  async wake({ stream, version, metadata }: BusMessage): Promise<void> {
    const { tenant, traceparent } = metadata;
    await this.work.wake({
      generation: stream,
      tenant,
      version,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    this.poke();
  }
}

/** Messages only wake the job: a long download never holds the bus, and what is to be done is read from the log. */
@Controller()
export class WakeHandlers {
  constructor(@Inject(Waker) private readonly waker: Waker) {}

  @EventPattern(['OutputsProduced', 'OutputsRefreshed', 'FailureOrdered', 'DeadlineExtended'])
  async onEvent(@Payload() message: BusMessage): Promise<void> {
    await this.waker.wake(message);
  }
}
