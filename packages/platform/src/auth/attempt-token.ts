import { fromPublicId, toPublicId } from '../ids/public-id.js';
import type { Signer } from './signer.js';

/** The attempt that a vendor's webhook is about. */
export interface AttemptName {
  /** UUID. */
  readonly generation: string;
  readonly run: number;
  readonly attempt: number;
}

const shape = /^([0-9a-z]{26})\.([1-9]\d{0,5})\.([1-9]\d{0,5})\.([\w-]{43})$/;
const signed = (digits: string, run: number, attempt: number): string => `${digits}.${run}.${attempt}`;

/**
 * The last segment of the webhook URL that a vendor is given with a submission: `<generation>.<run>.<attempt>.<HMAC>`.
 * Verified without a look-up; it opens nothing else.
 */
export function sealAttemptToken(signer: Signer, { generation, run, attempt }: AttemptName): string {
  const text = signed(toPublicId('gen', generation).slice('gen_'.length), run, attempt);
  return `${text}.${signer.sign('webhook-token', text)}`;
}

/** Opens one; undefined where it is not of our making. */
export function openAttemptToken(signer: Signer, token: string): AttemptName | undefined {
  const [, digits, run, attempt, signature] = shape.exec(token) ?? [];
  if (digits === undefined || signature === undefined) return undefined;
  const name = { run: Number(run), attempt: Number(attempt) };
  if (!signer.verify('webhook-token', signed(digits, name.run, name.attempt), signature)) return undefined;
  const generation = fromPublicId('gen', `gen_${digits}`);
  return generation === undefined ? undefined : { generation, ...name };
}

/** What a vendor that is told so with each submit signs the attempt's webhook with: known to whoever sealed the token, and to it. */
export function webhookSecretOf(signer: Signer, token: string): string {
  return signer.sign('webhook-secret', token);
}

/** All that it may have been told, the newest first: secrets of ours are rotated too. */
export function webhookSecretsOfToken(signer: Signer, token: string): string[] {
  return signer.all('webhook-secret', token);
}
