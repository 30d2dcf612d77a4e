import { type EventType, isEventType } from '@darkroom/contract';
import { BaseRpcContext, type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { BusError } from './errors.js';
import { dispatchToHandler } from './handler-dispatch.js';
import type { BusMessage } from './message.js';
import type { Consumer, ConsumerHealth } from './port.js';
import { PostgresLogConsumer, type PostgresLogOptions } from './postgres-log-consumer.js';
import { inProcessSpan } from './process-span.js';

/**
 * Nest transport over the event store's own log: the bus of a system without a broker.
 * Handlers are `@EventPattern('<event type>')` methods with `@Payload() message: BusMessage`; types without a handler are not read.
 */
export class PostgresLogTransport extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private consumer: (Consumer & { start(): void }) | undefined;

  constructor(private readonly options: PostgresLogOptions) {
    super();
  }

  /** @throws BusError `unknown_pattern` */
  listen(callback: (error?: unknown) => void): void {
    const types = handledTypes(this.messageHandlers.keys());
    this.consumer = new PostgresLogConsumer(this.options, {
      types,
      handle: (message) => this.handle(message),
    });
    this.consumer.start();
    callback();
  }

  async close(): Promise<void> {
    await this.consumer?.stop();
  }

  /** How consuming goes; undefined before `listen`. */
  health(): ConsumerHealth | undefined {
    return this.consumer?.health();
  }

  /** Not offered: ask `health()`. */
  on(): never {
    throw new Error('PostgresLogTransport has no events to subscribe to');
  }

  /** Not offered: there is no client library beneath. */
  unwrap(): never {
    throw new Error('PostgresLogTransport wraps no client');
  }

  private async handle(message: BusMessage): Promise<void> {
    const handler = this.getHandlerByPattern(message.type);
    if (!handler) return;
    await inProcessSpan(this.options.group, message, () =>
      dispatchToHandler(handler, message, new BaseRpcContext([message])),
    );
  }
}

function handledTypes(patterns: Iterable<string>): EventType[] {
  return [...patterns].map((pattern) => {
    if (!isEventType(pattern))
      throw new BusError('unknown_pattern', `no event of the contract is named ${pattern}`);
    return pattern;
  });
}
