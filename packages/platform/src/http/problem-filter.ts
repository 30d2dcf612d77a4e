import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logging/logger.js';
import { errorToProblem } from './error-to-problem.js';
import { problemDocument } from './problem.js';
import { requestTraceId } from './request-trace.js';

/** Answers one request with the problem that an error is; logs what is our own fault. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): void {
  const problem = errorToProblem(error);
  const traceId = requestTraceId(request);
  if (problem.status >= 500)
    logger.error(
      {
        err: problem.cause ?? problem,
        trace_id: traceId,
        method: request.method,
        route: request.routeOptions.url,
      },
      problem.title,
    );
  if (reply.sent || reply.raw.headersSent) {
    // Half an answer is out: only cutting it tells the client that it is not whole.
    reply.raw.destroy();
    return;
  }
  void reply
    .code(problem.status)
    .headers({ ...problem.headers, 'cache-control': 'no-store' })
    .type('application/problem+json')
    // A string would get a charset parameter, which this media type does not have.
    .send(Buffer.from(JSON.stringify(problemDocument(problem, { url: request.url, traceId }))));
}

/** Every error of every controller, guard and pipe as `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.logger);
  }
}
