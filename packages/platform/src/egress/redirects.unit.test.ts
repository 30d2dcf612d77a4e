import { DownloadError } from './egress.js';
import { followRedirects, type Hop } from './redirects.js';

const discard = async (): Promise<void> => undefined;
const headers = { authorization: 'Bearer secret', 'X-Api-Key': 'secret', accept: 'image/*' };

async function follow(
  answers: Readonly<Record<string, string | number>>,
  start: string,
): Promise<{ hops: Hop[]; status: number }> {
  const hops: Hop[] = [];
  const { head } = await followRedirects({ url: start, headers }, 3, async (hop) => {
    hops.push(hop);
    const answer = answers[hop.url] ?? 404;
    return typeof answer === 'number'
      ? { status: answer, headers: {}, discard }
      : { status: 302, headers: { location: answer }, discard };
  });
  return { hops, status: head.status };
}

describe('redirects', () => {
  it('are followed, relative ones too, at most 3 times', async () => {
    const chain = {
      'https://a.example/1': '/2',
      'https://a.example/2': '3?x=1',
      'https://a.example/3?x=1': '/4',
      'https://a.example/4': 200,
    };
    expect(await follow(chain, 'https://a.example/1')).toMatchObject({ status: 200, hops: { length: 4 } });
    await expect(
      follow({ ...chain, 'https://a.example/4': '/5' }, 'https://a.example/1'),
    ).rejects.toMatchObject({ reason: 'too_many_redirects' });
    await expect(follow({ 'https://a.example/': '/' }, 'https://a.example/')).rejects.toBeInstanceOf(
      DownloadError,
    );
  });

  it('take credentials along within an origin and drop them for good across', async () => {
    const { hops } = await follow(
      {
        'https://a.example/': '/b',
        'https://a.example/b': 'https://b.example/',
        'https://b.example/': 'https://a.example/c',
        'https://a.example/c': 200,
      },
      'https://a.example/',
    );
    expect(hops.map((hop) => Object.keys(hop.headers))).toEqual([
      ['authorization', 'X-Api-Key', 'accept'],
      ['authorization', 'X-Api-Key', 'accept'],
      ['accept'],
      ['accept'],
    ]);
  });

  it('to nowhere are named', async () => {
    const open = async () => ({ status: 301, headers: {}, discard });
    await expect(followRedirects({ url: 'https://a.example/', headers: {} }, 3, open)).rejects.toMatchObject({
      reason: 'malformed',
    });
  });
});
