import { type EventType, isEventType } from '@darkroom/contract';
import { BaseRpcContext, type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { BusError } from './errors.js';
import { dispatchToHandler } from './handler-dispatch.js';
import type { BusMessage } from './message.js';
import type { Consumer, ConsumerHealth, HandleMessage } from './port.js';
import { inProcessSpan } from './bus-spans.js';

/** A consumer that has not begun. */
export type StartableConsumer = Consumer & { start(): void };

/** What a group's handlers handle. */
export interface GroupWork {
  readonly types: readonly EventType[];
  readonly handle: HandleMessage;
}

/**
 * Nest transport over a consumer, whatever carries its messages. Handlers are `@EventPattern('<event type>')` methods with
 * `@Payload() message: BusMessage`; types without a handler are passed over.
 */
export abstract class BusTransport extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private consumer: StartableConsumer | undefined;

  protected constructor(private readonly group: string) {
    super();
  }

  protected abstract consumerOf(work: GroupWork): StartableConsumer;

  /** @throws BusError `unknown_pattern` */
  listen(callback: (error?: unknown) => void): void {
    const types = handledTypes(this.messageHandlers.keys());
    this.consumer = this.consumerOf({ types, handle: (message) => this.handle(message) });
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
    throw new Error('a bus transport has no events to subscribe to');
  }

  /** Not offered: what is beneath is the transport's own. */
  unwrap(): never {
    throw new Error('a bus transport hands out no client');
  }

  private async handle(message: BusMessage): Promise<void> {
    const handler = this.getHandlerByPattern(message.type);
    if (!handler) return;
    await inProcessSpan(this.group, message, () =>
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
