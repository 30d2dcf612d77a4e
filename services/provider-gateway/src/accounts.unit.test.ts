import { modelDirectory } from './accounts.js';

const account = (id: string, vendor: string) => ({
  id,
  vendor,
  baseUrl: `https://${id}.example`,
  credential: id,
  privateAddress: false,
});
const accessTo = modelDirectory([account('first', 'fal'), account('second', 'fal'), account('own', 'sim')]);
const model = 'fal/fal-ai/flux/dev';

it('submits through the first account of a vendor', () => {
  expect(accessTo(model)).toMatchObject({ model: 'fal-ai/flux/dev', account: { id: 'first' } });
});

it('asks for what was submitted through the account that it was submitted through, and through no other', () => {
  expect(accessTo(model, 'second')?.account.id).toBe('second');
  expect(accessTo(model, 'gone')).toBeUndefined();
  // An id may have been given to another vendor's account since.
  expect(accessTo(model, 'own')).toBeUndefined();
});

it('has no access to a vendor without an account, or to a model that nobody knows', () => {
  expect(accessTo('openai/gpt-image-1')).toBeUndefined();
  expect(accessTo('fal/fal-ai/unheard-of')).toBeUndefined();
});
