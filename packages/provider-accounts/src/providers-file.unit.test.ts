import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentialOf, readProvidersFile } from './index.js';
import { secretOf } from './secret-reference.js';

const folder = mkdtempSync(join(tmpdir(), 'providers-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (content: unknown): string => {
  const path = join(folder, 'providers.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const replicate = { id: 'main', vendor: 'replicate', credential: { env: 'REPLICATE_API_TOKEN' } };
const schnell = 'replicate/black-forest-labs/flux-schnell';

it('reads accounts, and offers all models of their vendors where nothing else is said', () => {
  const { accounts, models, routes } = readProvidersFile(
    file({
      accounts: [
        { ...replicate, limits: { concurrent: 3 } },
        {
          id: 'own',
          vendor: 'sim',
          base_url: 'http://127.0.0.1:8090/',
          credential: { file: '/run/key' },
          allowed_private_hosts: ['http://127.0.0.1:8090/x'],
        },
      ],
      routes: {
        fast: [schnell, 'sim/standard'],
        alike: { models: [schnell, 'sim/standard'], equivalence: ' the same weights ' },
      },
    }),
  );
  expect(accounts).toEqual([
    expect.objectContaining({
      id: 'main',
      baseUrl: 'https://api.replicate.com/v1',
      limits: { concurrent: 3 },
      privateOrigins: [],
    }),
    expect.objectContaining({
      id: 'own',
      baseUrl: 'http://127.0.0.1:8090',
      privateOrigins: ['http://127.0.0.1:8090'],
    }),
  ]);
  expect(models).toEqual(expect.arrayContaining([schnell, 'sim/inline']));
  const both = [schnell, 'sim/standard'];
  expect(routes).toEqual({
    fast: { models: both, equivalence: null },
    alike: { models: both, equivalence: 'the same weights' },
  });
});

it('lets a server of one’s own do without a credential', () => {
  const own = {
    id: 'own',
    vendor: 'cog',
    base_url: 'http://127.0.0.1:5000',
    webhook_secrets: [{ env: 'T' }],
  };
  const [account] = readProvidersFile(file({ accounts: [own] })).accounts;
  if (account === undefined) throw new Error('no account');
  expect(credentialOf(account, {})).toBe('');
});

it('offers what it says', () => {
  expect(readProvidersFile(file({ accounts: [replicate], models: [schnell] })).models).toEqual([schnell]);
});

it.each<[string, unknown, RegExp]>([
  ['no JSON', '{', /providers\.json cannot be read as JSON$/],
  ['no account', { accounts: [] }, /accounts/],
  [
    'a secret in the open',
    { accounts: [{ ...replicate, credential: 'r8_canary' }] },
    /accounts\.0\.credential/,
  ],
  ['a setting that there is not', { accounts: [{ ...replicate, limit: 1 }] }, /accounts\.0/],
  [
    'a vendor that nobody knows',
    { accounts: [{ ...replicate, vendor: 'nobody' }] },
    /vendor of the account main/,
  ],
  ['an account twice', { accounts: [replicate, replicate] }, /main twice/],
  [
    'a model that nobody serves',
    { accounts: [replicate], models: ['sim/standard'] },
    /sim\/standard, which no account/,
  ],
  [
    'a word that a route does not have',
    { accounts: [replicate], routes: { a: { models: [schnell], equivalent: 'yes' } } },
    /routes\.a: Unrecognized key: "equivalent"/,
  ],
  [
    'a route over such a model',
    { accounts: [replicate], routes: { a: { models: ['sim/keyed'], equivalence: 'none' } } },
    /sim\/keyed, which is not offered/,
  ],
  [
    'an address that the vendor does not have',
    { accounts: [{ ...replicate, other_base_urls: { api: 'https://x.example' } }] },
    /an address api/,
  ],
  ['no credential', { accounts: [{ id: 'main', vendor: 'replicate' }] }, /credential of the account main/],
  [
    'a vendor whose webhooks alone tell the end, without their token',
    { accounts: [{ id: 'own', vendor: 'cog', base_url: 'http://127.0.0.1:5000' }] },
    /webhook_secrets of the account own/,
  ],
  ['an address of another kind', { accounts: [{ ...replicate, base_url: 'ftp://x' }] }, /base_url/],
])('refuses %s in one line that shows no secret', (_what, content, message) => {
  const path = file(content);
  let said = '';
  try {
    readProvidersFile(path);
  } catch (error) {
    said = String(error);
  }
  expect(said).toMatch(message);
  expect(said).not.toMatch(/canary|\n/);
});

describe('a secret', () => {
  it('is read from a variable or a file', () => {
    expect(secretOf({ env: 'KEY' }, 'the key', { KEY: ' k1\n' })).toBe('k1');
    expect(secretOf({ file: file('k2\n') }, 'the key', {})).toBe('k2');
  });
  it.each([
    ['missing', { env: 'KEY' }, {}],
    ['empty', { env: 'KEY' }, { KEY: ' ' }],
    ['two words', { env: 'KEY' }, { KEY: 'canary canary' }],
    ['not there', { file: '/nowhere/key' }, {}],
  ])('that is %s is named and not shown', (_what, reference, env) => {
    expect(() => secretOf(reference, 'the key of the account main', env)).toThrow(
      /^wrong settings: (?!.*canary)/,
    );
  });
});
