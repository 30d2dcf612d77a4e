import { EventStoreError } from '../errors.js';
import { classify, type Failure, storeError } from './failure.js';

const failed = (code: string, more: Readonly<Record<string, unknown>> = {}): Error =>
  Object.assign(new Error('it failed'), { code, ...more });

const classes: Readonly<Record<Failure, readonly string[]>> = {
  'not-sent': [
    'CONNECT_TIMEOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNREFUSED',
    '57P03',
    '53300',
    '3D000',
    '28P01',
  ],
  lost: [
    'CONNECTION_CLOSED',
    'CONNECTION_DESTROYED',
    'CONNECTION_ENDED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
    '57P01',
    '57P02',
    '57P05',
    '25P03',
    '25P04',
    '08006',
  ],
  again: ['40001', '40P01'],
  unavailable: ['55P03', '57014', '25006', '53000', '53100', '53200', '53400', '58000', '58030'],
  refused: ['22P02', '23505', '42P01', '54000', 'DR001', 'DR002', '40002', 'ERR_ANYTHING'],
};
const cases = Object.entries(classes).flatMap(([failure, codes]) => codes.map((code) => ({ code, failure })));

it.each(cases)('$code counts as $failure', ({ code, failure }) => {
  expect(classify(failed(code))).toBe(failure);
});

it('whatever happens to a connect, nothing was sent', () => {
  for (const code of ['ETIMEDOUT', 'ECONNRESET', 'EHOSTUNREACH'])
    expect(classify(failed(code, { syscall: 'connect' }))).toBe('not-sent');
});

it('an error of another realm is told by its code as well', () => {
  expect(classify({ code: '40P01' })).toBe('again');
});

it.each([undefined, null, 'a text', new Error('no code'), { code: 40_001 }])(
  'what says nothing of itself counts as refused: %p',
  (error) => {
    expect(classify(error)).toBe('refused');
  },
);

it.each([
  ['ECONNREFUSED', 'store_unavailable'],
  ['40P01', 'store_unavailable'],
  ['53100', 'store_unavailable'],
  ['ECONNRESET', 'outcome_unknown'],
  ['DR001', 'lock_not_first'],
  ['22P02', 'malformed_request'],
  ['23505', 'malformed_request'],
  ['54000', 'malformed_request'],
])('a write that failed with %s is told as %s, with its cause', (code, told) => {
  const cause = failed(code);
  expect(storeError(cause, 'outcome_unknown')).toMatchObject({ name: 'EventStoreError', code: told, cause });
});

it('a read whose answer was lost has lost nothing', () => {
  expect(storeError(failed('ECONNRESET'), 'store_unavailable')).toMatchObject({ code: 'store_unavailable' });
});

it('what nobody foresaw, and what has its code already, is told as it is', () => {
  for (const error of [failed('42P01'), new EventStoreError('fenced', 'x')])
    expect(storeError(error, 'outcome_unknown')).toBe(error);
});
