import { type AttemptName, openAttemptToken, ProblemError, type Signer } from '@darkroom/platform';
import { adapterFor, knownAdapters, type ProviderAdapter, usualWebhookBytes } from '@darkroom/providers';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/** Where all of them start. */
export const webhookPath = '/v1/provider-webhooks';

const params = z.object({ provider: z.string(), token: z.string() });

/** How much a vendor's webhook may bring, in bytes. */
export const mostBytes = ({ maxWebhookBytes }: ProviderAdapter): number =>
  maxWebhookBytes ?? usualWebhookBytes;

/** What any of them may bring: the larger ones bring pictures. */
export const mostWebhookBytes = Math.max(...knownAdapters().map(mostBytes));

/** Whose webhook this is, and which attempt it is about. @throws ProblemError `not_found` */
export function addressee(
  signer: Signer,
  provider: string,
  token: string,
): { readonly name: AttemptName; readonly adapter: ProviderAdapter } {
  const name = openAttemptToken(signer, token);
  const adapter = adapterFor(provider);
  if (!name || !adapter) throw new ProblemError('not_found');
  return { name, adapter };
}

/** Before any of a body is read: who knows no token of ours sends nothing large, and nobody more than their vendor does. */
export function admitWebhooks(fastify: FastifyInstance, signer: Signer): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const named =
      request.routeOptions.url?.startsWith(webhookPath) === true
        ? params.safeParse(request.params)
        : undefined;
    try {
      if (named?.success) {
        const { adapter } = addressee(signer, named.data.provider, named.data.token);
        if (Number(request.headers['content-length'] ?? 0) > mostBytes(adapter))
          throw new ProblemError('body_too_large');
      }
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
