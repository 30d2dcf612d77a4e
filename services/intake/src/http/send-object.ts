import { Readable } from 'node:stream';
import { type ObjectStore, ProblemError } from '@darkroom/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseByteRange } from '../policy/byte-range.js';
import { matchesEntityTag } from '../policy/entity-tag.js';

export interface SentObject {
  readonly key: string;
  /** As verified; absent: as stored. */
  readonly contentType?: string;
  readonly fileName: string;
  /** To be saved, and not shown. */
  readonly isDownload: boolean;
}

const keptFor = 'private, max-age=31536000, immutable';
/** Long enough to be followed at once, too short to be handed on. */
const linkSeconds = 120;

/**
 * Sends bytes from the object store, or whoever asks to its server where it has one (never to be kept: the link soon ends): whole, one range of them, or 304. Objects never change, so that whoever has them may keep
 * them; `private`, because not everybody may. They may be shown by other sites' pages (a signed link is its own permission),
 * but run nowhere.
 */
export async function sendObject(
  request: FastifyRequest,
  reply: FastifyReply,
  objects: ObjectStore,
  object: SentObject,
): Promise<void> {
  const { 'if-none-match': ifNoneMatch, 'if-range': ifRange, range: asked } = request.headers;
  const disposition = `${object.isDownload ? 'attachment' : 'inline'}; filename="${object.fileName}"`;
  // Of HEAD, and of what the client may have already, we answer ourselves: the link is one for GET.
  if (objects.linkTo && request.method === 'GET' && ifNoneMatch === undefined) {
    const link = await objects.linkTo(object.key, linkSeconds, {
      ...(object.contentType === undefined ? {} : { contentType: object.contentType }),
      contentDisposition: disposition,
      cacheControl: keptFor,
    });
    void reply
      .headers({ 'cache-control': 'no-store', 'cross-origin-resource-policy': 'cross-origin' })
      .redirect(link, 302);
    return;
  }
  const facts = await objects.head(object.key);
  if (!facts) throw new ProblemError('not_found');
  const tag = `"${facts.sha256}"`;
  void reply.headers({
    etag: tag,
    'accept-ranges': 'bytes',
    'cache-control': keptFor,
    'cross-origin-resource-policy': 'cross-origin',
    'content-security-policy': "default-src 'none'; sandbox",
    'content-disposition': disposition,
  });
  if (matchesEntityTag(ifNoneMatch, tag)) {
    void reply.code(304).send();
    return;
  }
  // Another tag or a date: the range would be one of other bytes. Of HEAD no range can be asked (RFC 9110, section 14.2).
  const isAsked = request.method === 'GET' && (ifRange === undefined || ifRange === tag);
  const range = isAsked ? parseByteRange(asked, facts.bytes) : undefined;
  if (range === 'unsatisfiable')
    throw new ProblemError('range_not_satisfiable', undefined, {
      headers: { 'content-range': `bytes */${facts.bytes}` },
    });
  void reply
    .type(object.contentType ?? facts.contentType)
    .header('content-length', range ? range.end - range.start + 1 : facts.bytes);
  if (range) void reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${facts.bytes}`);
  if (request.method === 'HEAD') {
    // An empty stream: Fastify would put the length of an empty body in place of ours.
    void reply.send(Readable.from([]));
    return;
  }
  const body = await objects.get(object.key, range);
  // Erased between the two looks.
  if (!body) throw new ProblemError('not_found');
  void reply.send(body);
}
