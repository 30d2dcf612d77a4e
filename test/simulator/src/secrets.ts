import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const secretsSchema = z.object({ links: z.string().min(1), webhooks: z.string().startsWith('whsec_') });

type Secrets = z.infer<typeof secretsSchema>;

/** The vendor's own secrets, made at its first start and kept, so that links outlive a restart. */
export function keptSecrets(dataDir: string): Secrets {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'secrets.json');
  if (existsSync(path)) return secretsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const secrets: Secrets = {
    links: randomBytes(32).toString('hex'),
    webhooks: `whsec_${randomBytes(32).toString('base64')}`,
  };
  writeFileSync(`${path}.new`, JSON.stringify(secrets), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return secrets;
}
