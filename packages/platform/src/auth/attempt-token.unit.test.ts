import { newUuid } from '../ids/public-id.js';
import { createSigner } from './signer.js';
import {
  openAttemptToken,
  sealAttemptToken,
  webhookSecretOf,
  webhookSecretsOfToken,
} from './attempt-token.js';

const signer = createSigner(['the secret that signs now']);
const name = { generation: newUuid(), run: 2, attempt: 3 };
const token = sealAttemptToken(signer, name);

it('names its attempt', () => {
  expect(openAttemptToken(signer, token)).toEqual(name);
});

it('outlives the rotation of its secret', () => {
  const rotated = createSigner(['the secret that signs next', 'the secret that signs now']);
  expect(openAttemptToken(rotated, token)).toEqual(name);
  expect(openAttemptToken(createSigner(['another secret altogether']), token)).toBeUndefined();
});

it.each([
  ['another attempt', token.replace('.2.3.', '.2.4.')],
  ['another run', token.replace('.2.3.', '.1.3.')],
  ['a leading zero', token.replace('.2.3.', '.02.3.')],
  ['another generation', `${'0'.repeat(26)}${token.slice(26)}`],
  ['a cut one', token.slice(0, -1)],
  ['more after it', `${token}.x`],
  ['nothing', ''],
  ['a foreign word', '../../etc/passwd'],
])('does not open for %s', (_, forged) => {
  expect(openAttemptToken(signer, forged)).toBeUndefined();
});

it('is worthless for another purpose', () => {
  const text = token.slice(0, token.lastIndexOf('.'));
  expect(openAttemptToken(signer, `${text}.${signer.sign('session', text)}`)).toBeUndefined();
});

it('has a secret of its own for who signs with what it is told, also after a rotation', () => {
  const secret = webhookSecretOf(signer, token);
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(token).not.toContain(secret);
  expect(webhookSecretOf(signer, sealAttemptToken(signer, { ...name, attempt: 4 }))).not.toBe(secret);
  const rotated = createSigner(['the secret that signs next', 'the secret that signs now']);
  expect(webhookSecretsOfToken(rotated, token)).toEqual([expect.any(String), secret]);
});
