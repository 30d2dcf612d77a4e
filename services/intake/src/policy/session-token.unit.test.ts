import { createSigner } from '@darkroom/platform';
import { openSession, sealSession } from './session-token.js';

const session = { keyId: '0190f5b2-7c1e-7a3b-8c4d-0123456789ab', expiresAt: 2_000 };
const signer = createSigner(['secret']);
const token = sealSession(signer, session);

describe('session token', () => {
  it('opens until its time is over', () => {
    expect(openSession(signer, token, 1_999)).toEqual(session);
    expect(openSession(signer, token, 2_000)).toBeUndefined();
  });

  it('opens for its own secret only, and for no changed character', () => {
    expect(openSession(createSigner(['other']), token, 0)).toBeUndefined();
    for (let at = 0; at < token.length; at += 1) {
      const swapped = token[at] === 'A' ? 'B' : 'A';
      expect(openSession(signer, token.slice(0, at) + swapped + token.slice(at + 1), 0)).toBeUndefined();
    }
  });

  it.each(['', '.', 'a.b', 'a.b.c', '.'.repeat(600), `${token}.x`])('does not open %s', (garbage) => {
    expect(openSession(signer, garbage, 0)).toBeUndefined();
  });
});
