import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StaticFile } from '../adapters/static-files.js';
import { matchesEntityTag } from '../policy/entity-tag.js';

/** Sends a file of ours; `immutable` for names that carry their content's hash. */
export function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: StaticFile,
  options: { readonly immutable?: boolean; readonly policy?: string } = {},
): void {
  void reply
    .header('etag', file.tag)
    .header('cache-control', options.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (options.policy !== undefined) void reply.header('content-security-policy', options.policy);
  if (matchesEntityTag(request.headers['if-none-match'], file.tag)) void reply.code(304).send();
  else void reply.type(file.contentType).send(file.body);
}
