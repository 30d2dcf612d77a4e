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
