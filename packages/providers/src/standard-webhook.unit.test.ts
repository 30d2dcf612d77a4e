import { createHmac } from 'node:crypto';
import { verifyStandardWebhook } from './standard-webhook.js';

const now = Date.parse('2026-11-24T10:00:00Z');
const at = String(now / 1_000);
const secret = `whsec_${Buffer.from('a secret of the vendor').toString('base64')}`;
const other = `whsec_${Buffer.from('another').toString('base64')}`;

function sign(body: string, id = 'msg_1', timestamp = at, key = secret): string {
  const bytes = Buffer.from(key.slice(6), 'base64');
  return `v1,${createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

function verify(change: Record<string, string | undefined> = {}, body = '{"a":1}', secrets = [secret]) {
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': at,
    'webhook-signature': sign(body),
    ...change,
  };
  return verifyStandardWebhook({ headers, rawBody: Buffer.from(body) }, secrets, now);
}

describe('verifyStandardWebhook', () => {
  it('accepts what the secret signed, also while it is rotated', () => {
    expect(verify()).toEqual({ kind: 'verified', id: 'msg_1' });
    expect(verify({}, '{"a":1}', [other, secret])).toEqual({ kind: 'verified', id: 'msg_1' });
    expect(verify({ 'webhook-signature': `v1a,xx v1,AAAA ${sign('{"a":1}')}` })).toMatchObject({
      kind: 'verified',
    });
  });

  it.each([
    ['no id', { 'webhook-id': undefined }, 'headers_missing'],
    ['no timestamp', { 'webhook-timestamp': undefined }, 'headers_missing'],
    ['no signature', { 'webhook-signature': undefined }, 'headers_missing'],
    ['a timestamp that is none', { 'webhook-timestamp': 'NaN' }, 'headers_missing'],
    ['an id of 1 MB', { 'webhook-id': 'x'.repeat(1_000_000) }, 'headers_missing'],
    [
      'a timestamp of an hour ago',
      { 'webhook-timestamp': String(now / 1_000 - 3_600) },
      'timestamp_out_of_range',
    ],
    [
      'a timestamp from the future',
      { 'webhook-timestamp': String(now / 1_000 + 3_600) },
      'timestamp_out_of_range',
    ],
    ['another id', { 'webhook-id': 'msg_2' }, 'signature_mismatch'],
    ['another timestamp', { 'webhook-timestamp': String(now / 1_000 + 1) }, 'signature_mismatch'],
    ['another key', { 'webhook-signature': sign('{"a":1}', 'msg_1', at, other) }, 'signature_mismatch'],
    ['junk', { 'webhook-signature': 'v1,' }, 'signature_mismatch'],
    [
      'a signature behind hundreds of others',
      { 'webhook-signature': `${'v1,AA== '.repeat(300)}${sign('{"a":1}')}` },
      'signature_mismatch',
    ],
  ])('refuses %s', (_name, change, reason) => {
    expect(verify(change)).toEqual({ kind: 'refused', reason });
  });

  it('refuses a body that was cut, and everything where there is no secret', () => {
    expect(verify({ 'webhook-signature': sign('{"a":1}') }, '{"a":')).toMatchObject({
      reason: 'signature_mismatch',
    });
    expect(verify({}, '{"a":1}', [])).toMatchObject({ reason: 'signature_mismatch' });
  });
});
