import { fromPublicId, ProblemError, toPublicId, verifyContentLink } from '@darkroom/platform';
import {
  type ArtifactResource,
  findArtifact,
  type FoundArtifact,
  toArtifactResource,
} from '@darkroom/read-models';
import { Controller, Get, Inject, Param, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../adapters/key-directory.js';
import { IntakeParts } from '../intake-parts.js';
import { Caller, callerOf, KeyGuard } from './caller.js';
import { sendObject } from './send-object.js';

const queryOf = (request: FastifyRequest): URLSearchParams =>
  new URLSearchParams(request.url.split('?')[1] ?? '');

/** Verified images: their facts with a key, their bytes with a key or a signed link. */
@Controller('v1/artifacts/:id')
export class ArtifactsController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Get()
  @UseGuards(KeyGuard)
  async get(
    @Caller() { tenant }: Principal,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ data: ArtifactResource & { readonly generation: string } }> {
    const found = await this.find(id, tenant);
    void reply.header('cache-control', 'private, no-cache');
    const resource = toArtifactResource(found, this.parts.links);
    return { data: { ...resource, generation: toPublicId('gen', found.generation.id) } };
  }

  @Get('content')
  async content(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { artifact } = await this.findForBytes(id, 'content', request);
    await sendObject(request, reply, this.parts.objects, {
      key: artifact.storageKey,
      contentType: artifact.mediaType,
      fileName: `${id}.${artifact.mediaType.split('/')[1] ?? 'bin'}`,
      isDownload: queryOf(request).has('download'),
    });
  }

  @Get('thumbnail')
  async thumbnail(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { artifact } = await this.findForBytes(id, 'thumbnail', request);
    if (artifact.thumbnailKey === '') throw new ProblemError('not_found');
    await sendObject(request, reply, this.parts.objects, {
      key: artifact.thumbnailKey,
      fileName: `${id}-thumbnail.webp`,
      isDownload: queryOf(request).has('download'),
    });
  }

  /** A link that holds opens this one image whosever it is; else the caller must be its tenant. */
  private async findForBytes(
    id: string,
    which: 'content' | 'thumbnail',
    request: FastifyRequest,
  ): Promise<FoundArtifact> {
    const { keys, signer, config } = this.parts;
    const query = queryOf(request);
    const verdict = verifyContentLink(
      signer,
      `/v1/artifacts/${id}/${which}`,
      { expires: query.get('expires') ?? undefined, signature: query.get('signature') ?? undefined },
      Date.now(),
    );
    if (verdict === 'valid') return this.find(id, undefined);
    const { authorization, cookie } = request.headers;
    // A link grows old in an open page: with a key or a session it is only an address.
    if (verdict !== 'absent' && authorization === undefined && cookie === undefined)
      throw new ProblemError(
        'forbidden',
        verdict === 'expired' ? 'The link has expired.' : 'The link does not hold.',
      );
    const { tenant } = await callerOf({ keys, signer, publicUrl: config.publicUrl }, request);
    return this.find(id, tenant);
  }

  private async find(id: string, tenant: string | undefined): Promise<FoundArtifact> {
    const uuid = fromPublicId('art', id);
    const found =
      uuid && (await findArtifact(this.parts, { id: uuid, ...(tenant === undefined ? {} : { tenant }) }));
    if (!found) throw new ProblemError('not_found');
    if (found.generation.erased) throw new ProblemError('erased');
    return found;
  }
}
