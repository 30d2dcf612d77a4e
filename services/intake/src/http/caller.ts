import { apiKeyPrefix, ProblemError, type Signer } from '@darkroom/platform';
import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { KeyDirectory, Principal } from '../adapters/key-directory.js';
import { IntakeParts } from '../intake-parts.js';
import { isOwnHost, isOwnOrigin } from '../policy/same-site.js';
import { openSession } from '../policy/session-token.js';
import { readSessionCookie } from './session-cookie.js';

/** What telling a caller needs. */
export interface CallerPorts {
  readonly keys: Pick<KeyDirectory, 'byKey' | 'byId'>;
  readonly signer: Signer;
  readonly publicUrl: string | undefined;
}

const principals = new WeakMap<FastifyRequest, Principal>();
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

const unauthenticated = (): ProblemError =>
  new ProblemError('unauthenticated', undefined, {
    headers: { 'www-authenticate': 'Bearer realm="darkroom"' },
  });

/**
 * Who calls: the bearer key, else the session cookie. A cookie is sent by the browser also when another site asks it to, so
 * that with one the Host must be ours, and for a write the Origin too.
 * @throws ProblemError `unauthenticated` or `forbidden`
 */
export async function callerOf(ports: CallerPorts, request: FastifyRequest): Promise<Principal> {
  const { authorization, cookie, host, origin } = request.headers;
  if (authorization !== undefined) return keyCaller(ports, authorization);
  const token = readSessionCookie(cookie);
  const session = token === undefined ? undefined : openSession(ports.signer, token, Date.now());
  if (!session) throw unauthenticated();
  const ours = safeMethods.has(request.method)
    ? isOwnHost(host, ports.publicUrl)
    : isOwnOrigin(origin, host, ports.publicUrl);
  if (!ours) throw new ProblemError('forbidden', 'A session can only be used by our own pages.');
  const principal = await ports.keys.byId(session.keyId);
  if (!principal) throw unauthenticated();
  return principal;
}

/** The principal of a bearer key. */
export async function keyCaller(ports: Pick<CallerPorts, 'keys'>, authorization: string): Promise<Principal> {
  const key = /^Bearer +([\w-]{1,256}) *$/i.exec(authorization)?.[1];
  const prefix = key === undefined ? undefined : apiKeyPrefix(key);
  if (key === undefined || prefix === undefined) throw unauthenticated();
  if (prefix === 'dk_ops')
    throw new ProblemError('forbidden', 'An operator key does not open the client API.');
  const principal = await ports.keys.byKey(key);
  if (!principal) throw unauthenticated();
  return principal;
}

/** Lets only known callers through; their principal is then a parameter: `@Caller()`. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { keys, signer, config } = this.parts;
    principals.set(request, await callerOf({ keys, signer, publicUrl: config.publicUrl }, request));
    return true;
  }
}

/** The principal that the guard found. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const principal = principals.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (!principal) throw new Error('@Caller() on a route without KeyGuard');
  return principal;
});
