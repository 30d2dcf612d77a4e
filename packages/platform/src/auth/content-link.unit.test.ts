import { signContentLink, verifyContentLink } from './content-link.js';
import { createSigner } from './signer.js';

const now = Date.parse('2026-11-24T10:00:01Z');
const path = '/v1/artifacts/art_01h455vb4pex5vsknk084sn02q/content';
const queryOf = (link: string) => Object.fromEntries(new URL(link, 'http://x').searchParams);

describe('content links', () => {
  const signer = createSigner(['new secret', 'old secret']);

  it('are valid until they expire, and keep their text for a while', () => {
    const link = signContentLink(signer, path, now, 600);
    expect(signContentLink(signer, path, now + 1000, 600)).toBe(link);
    expect(verifyContentLink(signer, path, queryOf(link), now + 599_000)).toBe('valid');
    expect(verifyContentLink(signer, path, queryOf(link), now + 901_000)).toBe('expired');
  });

  it('made with the former secret are valid after a rotation', () => {
    const link = signContentLink(createSigner(['old secret']), path, now);
    expect(verifyContentLink(signer, path, queryOf(link), now)).toBe('valid');
    expect(verifyContentLink(createSigner(['other']), path, queryOf(link), now)).toBe('forged');
  });

  it('do not open another path, a later time or another purpose', () => {
    const query = queryOf(signContentLink(signer, path, now));
    expect(verifyContentLink(signer, path.replace('content', 'thumbnail'), query, now)).toBe('forged');
    expect(verifyContentLink(signer, path, { ...query, expires: '99999999999' }, now)).toBe('forged');
    expect(verifyContentLink(signer, path, { ...query, signature: `${query['signature']}=` }, now)).toBe(
      'forged',
    );
    expect(verifyContentLink(signer, path, { ...query, signature: ['a', 'b'] }, now)).toBe('forged');
    expect(verifyContentLink(signer, path, {}, now)).toBe('absent');
    const cursor = signer.sign('cursor', `${path}\n${query['expires']}`);
    expect(verifyContentLink(signer, path, { ...query, signature: cursor }, now)).toBe('forged');
  });
});
