import type { Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { answerClientError } from './client-errors.js';
import { ProblemError } from './problem.js';

/**
 * Requests that Node would answer by itself, and not with a problem: a tunnel that is asked for, an expectation that nobody
 * knows (RFC 9110 lets a server ignore it), no Host or several. Node's own check for Host must be off (`requireHostHeader`).
 */
export function answerOddRequests(instance: FastifyInstance): void {
  const server: Server = instance.server;
  server.on('connect', (_request, socket) => answerClientError(new Error('a tunnel was asked for'), socket));
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  instance.addHook('onRequest', (request, _reply, done) => {
    const { rawHeaders, httpVersion } = request.raw;
    let hosts = 0;
    for (let at = 0; at < rawHeaders.length; at += 2)
      if (rawHeaders[at]?.toLowerCase() === 'host') hosts += 1;
    const isWrong = hosts > 1 || (hosts === 0 && httpVersion === '1.1');
    done(isWrong ? new ProblemError('malformed_request', 'Send one Host header.') : undefined);
  });
}
