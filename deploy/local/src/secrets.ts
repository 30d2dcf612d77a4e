import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateApiKey } from '@darkroom/platform';
import { z } from 'zod';
import { writePrivateFile } from './write-private-file.js';

const secretsSchema = z.object({
  demoKey: z.string(),
  operatorKey: z.string(),
  signingSecret: z.string(),
  webhookSecret: z.string(),
});

/** What an installation keeps to itself, made at its first start. */
export type Secrets = z.infer<typeof secretsSchema>;

export interface LoadedSecrets extends Secrets {
  /** Made just now: keys are shown in full once. */
  readonly fresh: boolean;
}

/** Reads the installation's secrets from the data folder, or makes them there (0600). Keys that are given win. */
export function loadSecrets(
  dataDir: string,
  given: { demoKey?: string | undefined; operatorKey?: string | undefined },
): LoadedSecrets {
  const path = join(dataDir, 'secrets.json');
  const fresh = !existsSync(path);
  const stored: Secrets = fresh
    ? {
        demoKey: given.demoKey ?? generateApiKey('dk_test'),
        operatorKey: given.operatorKey ?? generateApiKey('dk_ops'),
        signingSecret: randomBytes(32).toString('hex'),
        webhookSecret: `whsec_${randomBytes(24).toString('base64')}`,
      }
    : secretsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const secrets = {
    ...stored,
    demoKey: given.demoKey ?? stored.demoKey,
    operatorKey: given.operatorKey ?? stored.operatorKey,
  };
  const text = `${JSON.stringify(secrets, null, 2)}\n`;
  if (fresh || text !== readFileSync(path, 'utf8')) writePrivateFile(path, text);
  return { ...secrets, fresh };
}
