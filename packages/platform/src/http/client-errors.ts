import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ProblemError, type ProblemCode, problemDocument } from './problem.js';

const codes: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** How long the answer may take to arrive, before a client that does not hang up is cut. */
const lingerMs = 1_000;

/** Answers what node's HTTP parser refused, before there is a request, and closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = new ProblemError(codes[error.code ?? ''] ?? 'malformed_request');
  const body = JSON.stringify(problemDocument(problem, { url: '', traceId: null }));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Bad Request'}\r\n` +
      `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n${body}`,
  );
  // Ending closes our half only: one that goes on sending would keep its connection for ever, timed out or not.
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
