import type { BusMessage } from '@darkroom/event-bus';
import type { Wake, WorkTable } from '@darkroom/work-table';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';

/** What the gateway appends in the run's own trace; an operator's order comes in one of its own. */
const inTheTraceOfTheRun = new Set<string>(['OutputsProduced', 'OutputsRefreshed']);

/** Makes jobs due. A class, so that Nest can inject it. */
export class Waker {
  constructor(
    private readonly work: Pick<WorkTable, 'wake'>,
    private readonly poke: () => void,
  ) {}

  async wake(message: BusMessage): Promise<void> {
    await this.work.wake(wakeOf(message));
    this.poke();
  }
}

/** What an event asks of the work here: a look at its generation. */
export function wakeOf({
  stream,
  type,
  version,
  metadata,
}: Pick<BusMessage, 'stream' | 'type' | 'version' | 'metadata'>): Wake {
  const { tenant, traceparent } = metadata;
  return {
    generation: stream,
    tenant,
    version,
    ...(traceparent === undefined || !inTheTraceOfTheRun.has(type) ? {} : { traceparent }),
  };
}

/** What others append, and what may change the next step. */
export const wakingTypes = [
  'OutputsProduced',
  'OutputsRefreshed',
  'FailureOrdered',
  'DeadlineExtended',
] as const;

/** Messages only wake the job: a long download never holds the bus, and what is to be done is read from the log. */
@Controller()
export class WakeHandlers {
  constructor(@Inject(Waker) private readonly waker: Waker) {}

  @EventPattern([...wakingTypes])
  async onEvent(@Payload() message: BusMessage): Promise<void> {
    await this.waker.wake(message);
  }
}
