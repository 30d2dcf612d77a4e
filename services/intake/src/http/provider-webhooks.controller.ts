import { createHash } from 'node:crypto';
import {
  newUuid,
  ProblemError,
  rawBodyOf,
  turnsOutToBeAbout,
  webhookSecretsOfToken,
} from '@darkroom/platform';
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { IntakeParts } from '../intake-parts.js';
import { receiveNotification } from '../use-cases/receive-notification.js';
import { addressee, mostBytes } from './webhook-admission.js';

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
    const { signer, webhookKeys, store, objects } = this.parts;
    const { name, adapter } = addressee(signer, provider, token);
    turnsOutToBeAbout({ generation: name.generation });
    const rawBody = rawBodyOf(request);
    if (rawBody !== undefined && rawBody.length > mostBytes(adapter))
      throw new ProblemError('body_too_large');
    if (!rawBody) throw new ProblemError('malformed_json', 'A JSON body is needed.');
    const verify = (secrets: readonly string[]) =>
      adapter.verifyWebhook({ headers: request.headers, rawBody }, secrets, Date.now());
    const isToldEach = adapter.webhookSecretPerAttempt === true;
    let verdict = verify(isToldEach ? webhookSecretsOfToken(signer, token) : await webhookKeys.of(provider));
    if (!isToldEach && verdict.kind === 'refused' && verdict.reason === 'signature_mismatch')
      verdict = verify(await webhookKeys.again(provider));
    if (verdict.kind === 'refused') throw new ProblemError('unauthenticated', 'The signature does not hold.');
    const outcome = await receiveNotification(
      { store, objects, newEventId: newUuid },
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
