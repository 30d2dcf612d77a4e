import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { BusError } from './errors.js';
import type { BusMessage } from './message.js';

/** What Nest's own filter puts in the place of every error: class, code and cause are gone. */
function isNestsReplacement(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    !(error instanceof Error) &&
    'status' in error &&
    error.status === 'error' &&
    'message' in error
  );
}

/**
 * Calls a Nest handler and waits for its end. A Nest handler that throws does not reject: it resolves to an Observable that
 * errors, so a strategy that only awaits counts failures as done. What it returns must be subscribed to.
 */
export async function dispatchToHandler(
  handler: MessageHandler,
  message: BusMessage,
  context: unknown,
): Promise<void> {
  try {
    const result: unknown = await handler(message, context);
    if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
  } catch (error) {
    if (isNestsReplacement(error)) {
      throw new BusError(
        'handler_error_hidden',
        'install SurfaceHandlerErrors as a global filter: the error is unknown',
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}
