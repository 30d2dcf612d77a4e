import { type Address, filters, readAddress, writeAddress } from './address.js';

const read = (address: string): Address => {
  const { pathname, search } = new URL(address, 'http://darkroom.example');
  return readAddress(pathname, search);
};

it.each([
  ...filters.map((filter): Address => ({ page: 'gallery', filter })),
  { page: 'one', id: 'gen_01jd' } as const,
  { page: 'one', id: 'a b/ü?#%' } as const,
])('reads what it writes: %j', (address) => {
  expect(read(writeAddress(address))).toEqual(address);
});

it.each([
  ['/?show=nonsense', { page: 'gallery', filter: 'all' }],
  ['/elsewhere', { page: 'gallery', filter: 'all' }],
  ['/generations/', { page: 'gallery', filter: 'all' }],
  ['/generations/x/', { page: 'one', id: 'x' }],
  ['/generations/%zz', { page: 'one', id: '%zz' }],
])('takes %s for what it can be', (address, expected) => {
  expect(read(address)).toEqual(expected);
});
