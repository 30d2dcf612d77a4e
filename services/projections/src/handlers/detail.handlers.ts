import { generationEventTypes } from '@darkroom/contract';
import type { BusMessage } from '@darkroom/event-bus';
import { DetailProjection } from '@darkroom/read-models';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';

/** Every event of a generation wakes the projection of its detail. */
@Controller()
export class DetailHandlers {
  constructor(@Inject(DetailProjection) private readonly projection: DetailProjection) {}

  @EventPattern([...generationEventTypes])
  async onEvent(@Payload() message: BusMessage): Promise<void> {
    await this.projection.project(message.stream, message.version);
  }
}
