import { redactText } from './redact.js';

describe('what is shown of a vendor’s raw words', () => {
  it.each([
    [
      'a signed link',
      'see https://cdn.example/a.png?X-Signature=abc&t=1 now',
      'see https://cdn.example/a.png?… now',
    ],
    ['a password in an address', 'http://user:pass@host/x', 'http://…@host/x'],
    [
      'our webhook token',
      'POST /v1/provider-webhooks/sim/gen.1.abcDEF done',
      'POST /v1/provider-webhooks/sim/… done',
    ],
    ['a bearer', 'Authorization: Bearer abcdefgh12345', 'Authorization: Bearer …'],
    ['our own keys', 'dk_test_abcdef0123456789', 'dk_test_…'],
    ['a webhook secret', 'whsec_MfKQ9r8GKYqrTwjU', 'whsec_…'],
    ['a field that names a secret', '{"access_token": "abc", "id": 1}', '{"access_token": "…", "id": 1}'],
    ['such a field cut in the middle', '{"api_key": "abc', '{"api_key": "…"'],
    ['bytes', `{"b64":"${'A'.repeat(500)}=="}`, '{"b64":"…"}'],
  ])('cuts %s', (_what, text, shown) => {
    expect(redactText(text)).toBe(shown);
  });

  it('keeps what helps a person', () => {
    const body = '{"error":{"code":"invalid_request","message":"size 17x17 is not supported"}}';
    expect(redactText(body)).toBe(body);
  });

  it('is bounded, and cuts no character in two', () => {
    const shown = redactText('🖼 '.repeat(20_000));
    expect(Array.from(shown)).toHaveLength(2_001);
    expect(shown).not.toMatch(/\p{Surrogate}/u);
  });
});
