import { EventStoreError, type EventStoreErrorCode } from '@darkroom/event-store';
import { ObjectStoreError, ProblemError } from '@darkroom/platform';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { catchError, type Observable, throwError } from 'rxjs';

const passing: ReadonlySet<EventStoreErrorCode> = new Set([
  'store_unavailable',
  'outcome_unknown',
  'stopped',
]);

function isPassing(error: unknown): boolean {
  if (error instanceof EventStoreError) return passing.has(error.code);
  return error instanceof ObjectStoreError && error.code === 'unavailable';
}

/** What the stores cannot do now is a 503 that invites another try; with the same key that never makes a second one. */
@Injectable()
export class StoreErrors implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(
        catchError((error: unknown) =>
          throwError(() =>
            isPassing(error)
              ? new ProblemError('unavailable', undefined, { retryAfterSeconds: 2, cause: error })
              : error,
          ),
        ),
      );
  }
}
