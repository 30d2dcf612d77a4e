import type { VendorOutput } from '@darkroom/providers';
import { linkOf, newsOfState } from './vendor-news.js';

const links = { expiresAt: null, baseUrl: 'http://comfy.example:8188/api/v2' };
const output = (url: string, index = 0): VendorOutput => ({
  index,
  source: { kind: 'link', url },
  sha256: '',
  bytes: 0,
  mediaType: '',
});
const urlOf = (url: string): string | undefined => linkOf(output(url), new Map(), links)[0]?.url;

it.each([
  ['https://cdn.example/a.png', 'https://cdn.example/a.png'],
  ['view?filename=a.png', 'http://comfy.example:8188/api/v2/view?filename=a.png'],
  ['/view', 'http://comfy.example:8188/view'],
])('%s leads to %s', (url, whole) => {
  expect(urlOf(url)).toBe(whole);
});

it.each(['https:', 'http://', '//[', 'http://a b/'])('%s leads nowhere, and is no link', (url) => {
  expect(urlOf(url)).toBeUndefined();
});

it('tells of the outputs whose links lead somewhere, and that there is another', () => {
  const state = { kind: 'produced', dropped: 0, outputs: [output('https:'), output('/view', 1)] } as const;
  expect(newsOfState('job-1', { ...state, outputs: [...state.outputs] }, new Map(), links)).toMatchObject({
    kind: 'produced',
    outputs: [{ index: 0 }, { index: 1 }],
    links: [{ index: 1, url: 'http://comfy.example:8188/view' }],
  });
});
