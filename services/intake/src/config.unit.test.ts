import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readIntakeConfig } from './config.js';

const least = {
  DATABASE_URL: 'postgres://u:p@127.0.0.1/d',
  SIGNING_SECRET: 'new secret of 16, old secret of 16',
};

it('fills in what nobody said', () => {
  expect(readIntakeConfig(least)).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    signingSecrets: ['new secret of 16', 'old secret of 16'],
    providerWebhookSecrets: {},
    demoKey: undefined,
    demoSession: false,
    defaultRoute: ['sim/standard'],
    heartbeatMs: 15_000,
  });
});

it('knows the secret of the simulator', () => {
  const config = readIntakeConfig({ ...least, SIMULATOR_WEBHOOK_SECRET: 'whsec_d2hhdCBhIHNlY3JldCBpcw==' });
  expect(config.providerWebhookSecrets).toEqual({ sim: ['whsec_d2hhdCBhIHNlY3JldCBpcw=='] });
});

it.each([
  ['DATABASE_URL', { SIGNING_SECRET: least.SIGNING_SECRET }],
  ['SIGNING_SECRET', { DATABASE_URL: least.DATABASE_URL }],
  ['INTAKE_PORT', { ...least, INTAKE_PORT: '99999' }],
  ['DARKROOM_DEMO_KEY', { ...least, DARKROOM_DEMO_KEY: 'dk_ops_00000000000000000000' }],
])('refuses a wrong %s in one line, and never shows its value', (name, env) => {
  const error = (() => {
    try {
      return readIntakeConfig(env);
    } catch (caught) {
      return caught;
    }
  })();
  expect(error).toMatchObject({
    name: 'ConfigError',
    message: expect.stringMatching(new RegExp(`^wrong settings: ${name}`)),
  });
  expect(String(error)).not.toMatch(/\n|99999|dk_ops_0/);
});

describe('a file of accounts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'intake-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (accounts: object[], env: Record<string, string> = {}) => {
    const path = join(folder, 'providers.json');
    writeFileSync(path, JSON.stringify({ accounts }));
    return readIntakeConfig({ ...least, PROVIDERS_FILE: path, ...env });
  };
  const account = (id: string, vendor: string, more: object = {}) => ({
    id,
    vendor,
    credential: { env: 'K' },
    ...more,
  });

  it('says what is offered, whose webhooks are believed, and where keys are published; of two accounts the first', () => {
    const config = read(
      [
        account('a', 'fal'),
        account('b', 'fal', {
          other_base_urls: { keys: 'http://127.0.0.1:9' },
          allowed_private_hosts: ['http://127.0.0.1:9'],
        }),
        account('c', 'replicate', { webhook_secrets: [{ env: 'S' }] }),
      ],
      { S: 'whsec_d2hhdCBhIHNlY3JldCBpcw==' },
    );
    expect(config).toMatchObject({
      defaultRoute: ['replicate/black-forest-labs/flux-schnell'],
      providerWebhookSecrets: { replicate: ['whsec_d2hhdCBhIHNlY3JldCBpcw=='] },
      providerKeys: {
        fal: { account: 'a', url: 'https://rest.fal.ai/.well-known/jwks.json', isPrivate: false },
      },
    });
    expect(config.models).not.toContain('sim/standard');
  });

  it.each(['whsec_', 'whsec_c2hvcnQ=', 'a-word-of-canary'])(
    'refuses %s as a secret, by which anybody could sign',
    (S) => {
      const accounts = [account('c', 'replicate', { webhook_secrets: [{ env: 'S' }] })];
      expect(() => read(accounts, { S })).toThrow(
        /^wrong settings: a webhook secret of the account c (?!.*canary)/,
      );
    },
  );
});
