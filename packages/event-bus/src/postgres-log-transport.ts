import { BusTransport, type GroupWork, type StartableConsumer } from './bus-transport.js';
import { PostgresLogConsumer, type PostgresLogOptions } from './postgres-log-consumer.js';

/** Nest transport over the event store's own log: the bus of a system without a broker. */
export class PostgresLogTransport extends BusTransport {
  constructor(private readonly options: PostgresLogOptions) {
    super(options.group);
  }

  protected override consumerOf(work: GroupWork): StartableConsumer {
    return new PostgresLogConsumer(this.options, work);
  }
}
