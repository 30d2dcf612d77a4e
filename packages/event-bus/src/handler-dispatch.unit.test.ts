import 'reflect-metadata';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { type CustomTransportStrategy, EventPattern, Payload, Server } from '@nestjs/microservices';
import { NestFactory } from '@nestjs/core';
import { Observable } from 'rxjs';
import { createBusMicroservice } from './bus-microservice.js';
import { dispatchToHandler } from './handler-dispatch.js';
import type { BusMessage } from './message.js';

class VendorGone extends Error {
  readonly code = 'vendor_gone';
}

const handled: string[] = [];

@Controller()
class Handlers {
  @EventPattern('throws')
  async throws(_message: unknown): Promise<void> {
    throw new VendorGone('gone');
  }

  @EventPattern('throws-at-once')
  throwsAtOnce(_message: unknown): void {
    throw new VendorGone('gone');
  }

  @EventPattern('observable')
  observable(@Payload() message: { name: string }): Observable<void> {
    return new Observable((subscriber) => {
      handled.push(message.name);
      subscriber.complete();
    });
  }

  @EventPattern('twice')
  async first(_message: unknown): Promise<void> {
    handled.push('first');
  }

  @EventPattern('twice')
  async second(_message: unknown): Promise<void> {
    throw new VendorGone('second of two');
  }
}

@Module({ controllers: [Handlers] })
class HandlersModule {}

class Strategy extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    callback();
  }
  close(): void {}
  on(): never {
    throw new Error('none');
  }
  unwrap(): never {
    throw new Error('none');
  }
}

const message = { name: 'm' } as unknown as BusMessage;

describe('dispatchToHandler on real Nest handlers', () => {
  const strategy = new Strategy();
  let app: INestMicroservice | undefined;
  const dispatch = async (pattern: string, through = strategy): Promise<void> => {
    const handler = through.getHandlerByPattern(pattern);
    if (!handler) throw new Error('no handler');
    await dispatchToHandler(handler, message, undefined);
  };

  beforeAll(async () => {
    app = await createBusMicroservice(HandlersModule, strategy, { logger: false });
    await app.init();
  });
  afterAll(() => app?.close());

  it.each(['throws', 'throws-at-once', 'twice'])(
    'rejects with the original error when the handler throws: %s',
    async (pattern) => {
      await expect(dispatch(pattern)).rejects.toBeInstanceOf(VendorGone);
      await expect(dispatch(pattern)).rejects.toMatchObject({ code: 'vendor_gone' });
    },
  );

  it('subscribes to what the handler returns', async () => {
    await dispatch('observable');
    expect(handled).toContain('m');
  });

  it('names the missing filter instead of passing on a nameless object', async () => {
    const bare = new Strategy();
    const app = await NestFactory.createMicroservice(HandlersModule, { strategy: bare, logger: false });
    await app.init();
    await expect(dispatch('throws', bare)).rejects.toMatchObject({ code: 'handler_error_hidden' });
    await app.close();
  });
});
