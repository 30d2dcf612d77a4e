import { createHash } from 'node:crypto';
import { newUuid, openAttemptToken, ProblemError, rawBodyOf, turnsOutToBeAbout } from '@darkroom/platform';
import { adapterFor } from '@darkroom/providers';
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { IntakeParts } from '../intake-parts.js';
import { receiveNotification } from '../use-cases/receive-notification.js';

/** Where all of them start; their bodies may be larger than those of clients. */
export const webhookPath = '/v1/provider-webhooks';
export const webhookBodyBytes = 256 * 1024;

/** What vendors tell of their jobs. Verified, recorded, answered: what it means is the gateway's to find out. */
@Controller('v1/provider-webhooks/:provider/:token')
export class ProviderWebhooksController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Post()
  @HttpCode(204)
  async receive(
    @Param('provider') provider: string,
    @Param('token') token: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const { signer, config, store } = this.parts;
    const name = openAttemptToken(signer, token);
    const adapter = adapterFor(provider);
    if (!name || !adapter) throw new ProblemError('not_found');
    turnsOutToBeAbout({ generation: name.generation });
    const rawBody = rawBodyOf(request);
    if (!rawBody) throw new ProblemError('malformed_json', 'A JSON body is needed.');
    const secrets = config.providerWebhookSecrets[provider] ?? [];
    const verdict = adapter.verifyWebhook({ headers: request.headers, rawBody }, secrets, Date.now());
    if (verdict.kind === 'refused') throw new ProblemError('unauthenticated', 'The signature does not hold.');
    const outcome = await receiveNotification(
      { store, newEventId: newUuid },
      {
        ...name,
        provider,
        notificationId: verdict.notificationId,
        body: rawBody,
        bodySha256: createHash('sha256').update(rawBody).digest('hex'),
      },
    );
    // Ours by its token, yet not there: as any other address that names nothing.
    if (outcome === 'no-such-attempt') throw new ProblemError('not_found');
  }
}
