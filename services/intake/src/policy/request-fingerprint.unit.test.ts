import { createSigner } from '@darkroom/platform';
import { requestFingerprint } from './request-fingerprint.js';

const signer = createSigner(['new secret', 'old secret']);
const of = (text: string) => requestFingerprint(signer, JSON.parse(text));

describe('request fingerprint', () => {
  it('is the same for reordered and differently written JSON', () => {
    expect(of('{"prompt":"a","metadata":{"x":"1","y":"2"},"seed":7}').value).toBe(
      of(' { "seed": 7.0, "metadata": {"y":"\\u0032","x":"1"}, "prompt": "a" } ').value,
    );
  });

  it.each(['{"prompt":"b"}', '{"prompt":"a "}', '{"prompt":"a","count":1}', '{"prompt":["a"]}'])(
    'differs for %s',
    (other) => {
      expect(of('{"prompt":"a"}').matches(of(other).value)).toBe(false);
    },
  );

  it('outlives a rotation of secrets', () => {
    const before = requestFingerprint(createSigner(['old secret']), { prompt: 'a' });
    expect(of('{"prompt":"a"}').matches(before.value)).toBe(true);
    expect(of('{"prompt":"a"}').value).not.toBe(before.value);
  });
});
