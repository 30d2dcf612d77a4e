import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/** Global filter that hands a handler's error to the transport as it was thrown; Nest's own replaces it by a plain object. */
@Catch()
export class SurfaceHandlerErrors implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
