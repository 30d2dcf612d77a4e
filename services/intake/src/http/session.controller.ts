import { ProblemError } from '@darkroom/platform';
import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { IntakeParts } from '../intake-parts.js';
import { isOwnOrigin } from '../policy/same-site.js';
import { sealSession } from '../policy/session-token.js';
import { checkBody } from '../schemas/field-errors.js';
import { keyCaller } from './caller.js';
import { sessionCookie } from './session-cookie.js';

/** Seconds that a session lives. */
export const sessionSeconds = 12 * 3600;

/** Body of POST /v1/session, where the key is not in the Authorization header. */
export const openSessionSchema = z
  .strictObject({ key: z.string().min(1).max(256).meta({ description: 'An API key.' }) })
  .meta({ id: 'OpenSession' });

/** Exchanges an API key for a cookie, so that our own pages need not keep the key where scripts can read it. */
@Controller('v1/session')
export class SessionController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Post()
  @HttpCode(204)
  async open(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const { authorization, origin, host } = request.headers;
    const { keys, signer, config } = this.parts;
    // Scripts send no Origin; a browser that sends a foreign one is being used by another site.
    if (origin !== undefined && !isOwnOrigin(origin, host, config.publicUrl))
      throw new ProblemError('forbidden', 'A session can only be opened by our own pages.');
    const hasKey = authorization !== undefined && request.body === undefined;
    const sent = hasKey ? undefined : checkBody(openSessionSchema, request.body);
    const { keyId } = await keyCaller({ keys }, authorization ?? `Bearer ${sent?.key ?? ''}`);
    const token = sealSession(signer, { keyId, expiresAt: Date.now() + sessionSeconds * 1000 });
    const secure = origin?.startsWith('https:') ?? false;
    void reply
      .header('set-cookie', sessionCookie(token, sessionSeconds, secure))
      .header('cache-control', 'no-store');
  }
}
