import { EventStoreError } from '@darkroom/event-store';
import { ObjectStoreError } from '@darkroom/platform';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { lastValueFrom, throwError } from 'rxjs';
import { StoreErrors } from './store-errors.js';

async function through(error: unknown): Promise<unknown> {
  const handler: CallHandler = { handle: () => throwError(() => error) };
  try {
    return await lastValueFrom(new StoreErrors().intercept({} as ExecutionContext, handler));
  } catch (caught) {
    return caught;
  }
}

it.each([
  new EventStoreError('store_unavailable', 'x'),
  new EventStoreError('outcome_unknown', 'x'),
  new EventStoreError('stopped', 'x'),
  new ObjectStoreError('unavailable', 'x'),
])('makes a 503 of what passes: $code', async (error) => {
  expect(await through(error)).toMatchObject({
    code: 'unavailable',
    headers: { 'retry-after': '2' },
    cause: error,
  });
});

it.each([
  new EventStoreError('malformed_request', 'x'),
  new ObjectStoreError('damaged', 'x'),
  new Error('x'),
])('leaves alone what does not', async (error) => {
  expect(await through(error)).toBe(error);
});
