import { apiKeyPrefix, generateApiKey, hashApiKey, isIssuedApiKey } from './api-key.js';

describe('API keys', () => {
  it('are told by their checksum', () => {
    const key = generateApiKey('dk_test');
    expect(key).toMatch(/^dk_test_[0-9a-z]{32}$/);
    expect(isIssuedApiKey(key)).toBe(true);
    const last = key.endsWith('0') ? '1' : '0';
    expect(isIssuedApiKey(key.slice(0, -1) + last)).toBe(false);
  });

  it('differ, and so do their hashes', () => {
    const keys = Array.from({ length: 200 }, () => generateApiKey('dk_ops'));
    expect(new Set(keys.map(hashApiKey)).size).toBe(200);
    expect(hashApiKey(keys[0] ?? '')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('chosen by the installation need only the shape', () => {
    expect(apiKeyPrefix('dk_test_0123456789abcdef')).toBe('dk_test');
    expect(apiKeyPrefix(generateApiKey('dk_ops'))).toBe('dk_ops');
    for (const wrong of [
      '',
      'dk_test_',
      'dk_test_short',
      'sk_test_0123456789abcdef',
      'dk_test_0123456789 abcdef',
    ])
      expect(apiKeyPrefix(wrong)).toBeUndefined();
  });
});
