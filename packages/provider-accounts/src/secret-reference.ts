import { readFileSync } from 'node:fs';
import { ConfigError, type Environment } from '@darkroom/platform';
import { z } from 'zod';

/** Where a secret is: never the secret itself, so that the file of accounts can be shown and kept with the rest. */
export const secretReference = z.union([
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
]);
export type SecretReference = z.infer<typeof secretReference>;

/**
 * The secret that is meant, without the white space around it.
 * @param of whose it is, for the message
 * @throws ConfigError naming the variable or the file, never what is in it
 */
export function secretOf(reference: SecretReference, of: string, env: Environment): string {
  const [where, text] = 'env' in reference ? fromVariable(reference.env, env) : fromFile(reference.file);
  const secret = text?.trim() ?? '';
  if (secret === '') throw new ConfigError(`wrong settings: ${of} is in ${where}, which is missing or empty`);
  // It will stand in a header.
  if (!/^[\x21-\x7e]+$/.test(secret))
    throw new ConfigError(`wrong settings: ${of} is in ${where}, which holds more than one word of ASCII`);
  return secret;
}

const fromVariable = (name: string, env: Environment): [string, string | undefined] => [
  `the variable ${name}`,
  env[name],
];

function fromFile(path: string): [string, string | undefined] {
  const where = `the file ${path}`;
  try {
    return [where, readFileSync(path, 'utf8')];
  } catch (cause) {
    throw new ConfigError(`wrong settings: ${where} cannot be read`, { cause });
  }
}
