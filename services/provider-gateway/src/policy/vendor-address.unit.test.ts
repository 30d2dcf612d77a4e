import type { VendorRequest } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import { modelDirectory } from '../accounts.js';
import { addressOf } from './vendor-address.js';

const accessTo = modelDirectory([
  { id: 'own', vendor: 'bfl', baseUrl: 'https://api.eu.bfl.ai/v1', credential: 'k', privateAddress: false },
  { id: 'fal', vendor: 'fal', baseUrl: 'https://queue.fal.run', credential: 'k', privateAddress: false },
]);
const access = (model: string): ModelAccess => {
  const found = accessTo(model);
  if (found === undefined) throw new Error(`no ${model}`);
  return found;
};
const request = (more: Partial<VendorRequest>): VendorRequest => ({
  method: 'GET',
  path: '/get_result?id=1',
  headers: {},
  maxAnswerBytes: 1,
  ...more,
});
const bfl = access('bfl/flux-2-pro');

it('is the account’s base URL and the path', () => {
  expect(addressOf(bfl, request({}))).toBe('https://api.eu.bfl.ai/v1/get_result?id=1');
});

it('is another address of the vendor’s, by its name', () => {
  expect(addressOf(access('fal/fal-ai/flux/dev'), request({ at: 'api', path: '/x' }))).toMatch(
    /^https:\/\/.*\/x$/,
  );
  expect(() => addressOf(bfl, request({ at: 'api' }))).toThrow('bfl has no address api');
});

it.each(['https://api.us1.bfl.ai/v1/get_result?id=1', 'https://bfl.ai/x', 'https://api.eu.bfl.ai/us1/x'])(
  'is what the vendor named, where that is its own or the account’s: %s',
  (url) => {
    expect(addressOf(bfl, request({ url }))).toBe(url);
  },
);

it.each([
  'https://bfl.ai.elsewhere.example/x',
  'https://notbfl.ai/x',
  'http://api.us1.bfl.ai/x',
  'https://proxy.example:8443/x',
  'http://proxy.example/x',
  'http://169.254.169.254/latest',
  'nonsense',
])('is never another one, which would hear the credential: %s', (url) => {
  expect(addressOf(bfl, request({ url }))).toBe('https://api.eu.bfl.ai/v1/get_result?id=1');
});
