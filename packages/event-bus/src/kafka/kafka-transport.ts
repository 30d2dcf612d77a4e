import { BusTransport, type GroupWork, type StartableConsumer } from '../bus-transport.js';
import { KafkaConsumer } from './kafka-consumer.js';
import type { KafkaOptions } from './options.js';

/** Nest transport over Kafka. */
export class KafkaTransport extends BusTransport {
  constructor(private readonly options: KafkaOptions) {
    super(options.group);
  }

  protected override consumerOf(work: GroupWork): StartableConsumer {
    return new KafkaConsumer(this.options, work);
  }
}
