import type { Signer } from '@darkroom/platform';
import { z } from 'zod';

/** What a session stands for: a key, which remains the authority; revoking it ends its sessions. */
export interface Session {
  readonly keyId: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

const payloadSchema = z.strictObject({ k: z.uuid(), e: z.int() });
const longestToken = 512;

/** Seals a session into a cookie's value. */
export function sealSession(signer: Signer, session: Session): string {
  const payload = Buffer.from(JSON.stringify({ k: session.keyId, e: session.expiresAt })).toString(
    'base64url',
  );
  return `${payload}.${signer.sign('session', payload)}`;
}

/** Opens it; undefined where it was not sealed by us or its time is over. */
export function openSession(signer: Signer, token: string, now: number): Session | undefined {
  const [payload, signature, ...rest] = token.length <= longestToken ? token.split('.') : [];
  if (payload === undefined || signature === undefined || rest.length > 0) return undefined;
  if (!signer.verify('session', payload, signature)) return undefined;
  const opened = payloadSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  return opened.e > now ? { keyId: opened.k, expiresAt: opened.e } : undefined;
}
