import { ProblemError } from '@darkroom/platform';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StaticFile } from '../adapters/static-files.js';
import { IntakeParts } from '../intake-parts.js';
import { isLoopbackHost } from '../policy/same-site.js';
import { openSession, sealSession } from '../policy/session-token.js';
import { pagePolicyWith } from './security-headers.js';
import { sendFile } from './send-file.js';
import { sessionSeconds } from './session.controller.js';
import { readSessionCookie, sessionCookie } from './session-cookie.js';

const notBuilt: StaticFile = {
  body: Buffer.from(
    '<!doctype html><title>Darkroom</title><p>The gallery is not built here. The API is at <a href="/docs">/docs</a>.',
  ),
  contentType: 'text/html; charset=utf-8',
  tag: '"not-built"',
};
const loopback = /^(?:127\.|::1$|::ffff:127\.)/;

/** The gallery: a page of ours, served as it was built. */
@Controller()
export class GalleryController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Get()
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.openDemoSession(request, reply);
    sendFile(request, reply, this.parts.gallery.get('index.html') ?? notBuilt, {
      policy: pagePolicyWith(this.parts.picturesAt),
    });
  }

  /** The same page, which reads from its address what to show. */
  @Get('generations/:id')
  pageOfOne(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.page(request, reply);
  }

  @Get('icon.svg')
  icon(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.send('icon.svg', request, reply, false);
  }

  @Get('assets/:file')
  asset(@Param('file') file: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.send(`assets/${file}`, request, reply, true);
  }

  private send(name: string, request: FastifyRequest, reply: FastifyReply, immutable: boolean): void {
    const file = this.parts.gallery.get(name);
    if (!file) throw new ProblemError('not_found');
    sendFile(request, reply, file, { immutable });
  }

  /**
   * A visitor from this machine who has no session gets one. The Host must name this machine too: a page elsewhere can make
   * its own name resolve to 127.0.0.1.
   */
  private openDemoSession(request: FastifyRequest, reply: FastifyReply): void {
    const { demoKeyId, signer } = this.parts;
    if (demoKeyId === undefined || !isLoopbackHost(request.headers.host)) return;
    if (!loopback.test(request.socket.remoteAddress ?? '')) return;
    const token = readSessionCookie(request.headers.cookie);
    if (token !== undefined && openSession(signer, token, Date.now())) return;
    const fresh = sealSession(signer, { keyId: demoKeyId, expiresAt: Date.now() + sessionSeconds * 1000 });
    void reply.header('set-cookie', sessionCookie(fresh, sessionSeconds, false));
  }
}
