import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProviderGatewayConfig } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'gateway-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const reading = (account: object, env: Record<string, string> = {}) => {
  const PROVIDERS_FILE = join(folder, 'providers.json');
  const cog = { id: 'own', vendor: 'cog', webhook_secrets: [{ env: 'COG_TOKEN' }] };
  writeFileSync(PROVIDERS_FILE, JSON.stringify({ accounts: [{ ...cog, ...account }] }));
  return readProviderGatewayConfig({
    DATABASE_URL: 'postgres://127.0.0.1/darkroom',
    SIGNING_SECRET: 'a secret of at least thirty-two characters',
    OBJECT_STORE: 'disk',
    COG_TOKEN: 'a-token-of-the-server',
    PROVIDERS_FILE,
    ...env,
  });
};

describe('a vendor of whose jobs only webhooks tell the end', () => {
  const away = { base_url: 'https://cog.example' };
  const beside = { base_url: 'http://10.0.0.7:5000', allowed_private_hosts: ['http://10.0.0.7:5000'] };

  it('is refused where it could not call', () => {
    expect(() => reading(away)).toThrow(/PUBLIC_URL must be https for the account own/);
    expect(() => reading(away, { PUBLIC_URL: 'http://pictures.example' })).toThrow(
      /PUBLIC_URL must be https/,
    );
  });

  it('is taken where it can', () => {
    expect(reading(away, { PUBLIC_URL: 'https://pictures.example' }).accounts).toMatchObject([{ id: 'own' }]);
    expect(reading(beside).accounts).toMatchObject([{ id: 'own', credential: '' }]);
  });
});
