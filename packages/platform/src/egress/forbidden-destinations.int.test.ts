import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { startDnsServer, type DnsServer } from '../testing/dns-server.js';
import { forbiddenAddresses4, forbiddenAddresses6, forbiddenUrls } from '../testing/forbidden-urls.js';
import { type RawServer, startRawServer } from '../testing/raw-server.js';
import { createEgress } from './create-egress.js';
import type { Egress } from './egress.js';

const urls = forbiddenUrls();
/** Public by every rule, and given back long ago: what is sent there arrives nowhere. */
const nobody = '3ffe::1';
const reached: string[] = [];
const canaries: Server[] = [];
let redirector: RawServer;
let location = '';
let dns: DnsServer;
let egress: Egress;

/** What the names of a test lead to, by how often they were asked for. */
const names = new Map<string, (time: number) => readonly string[]>();

beforeAll(async () => {
  for (const host of ['127.0.0.1', '127.0.0.2', '::1']) {
    const canary = createServer((socket) => {
      reached.push(`${host} from ${socket.remoteAddress}`);
      socket.destroy();
    });
    // On 443, as that is the one port that needs no allowance; who may not listen there still sees what is refused.
    canary.listen(443, host);
    const [came] = (await Promise.race([
      once(canary, 'listening').then(() => ['listening']),
      once(canary, 'error'),
    ])) as [unknown];
    if (came === 'listening') canaries.push(canary);
    else if (process.getuid?.() === 0) throw came;
  }
  redirector = await startRawServer((socket) =>
    socket.end(
      `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
    ),
  );
  dns = await startDnsServer((name, time) => names.get(name)?.(time) ?? ['127.0.0.1', '::1']);
  egress = createEgress({
    resolve: dns.resolve,
    allow: [
      { purpose: 'download', account: 'sim', scheme: 'http', host: '127.0.0.1', port: redirector.port },
    ],
  });
});
afterEach(() => {
  expect(reached).toEqual([]);
});
afterAll(async () => {
  await egress.stop();
  await dns.stop();
  await redirector.stop();
  for (const canary of canaries) canary.close();
});

const submit = {
  purpose: 'submit',
  account: 'sim',
  method: 'POST',
  timeoutMs: 2_000,
  maxBytes: 1_000,
} as const;
const sent = async (url: string): Promise<unknown> => egress.send({ ...submit, url, connectTimeoutMs: 300 });
const prepared = async (url: string): Promise<unknown> =>
  egress.prepare({ purpose: 'submit', account: 'sim', url, connectTimeoutMs: 300 });
const downloaded = async (url: string): Promise<string> => {
  try {
    const { stream } = await egress.download({
      account: 'sim',
      url,
      maxBytes: 1_000,
      connectTimeoutMs: 300,
      idleTimeoutMs: 1_000,
      totalTimeoutMs: 2_000,
      minBytesPerSecond: 0,
    });
    stream.destroy();
    return 'downloaded';
  } catch (error) {
    return error instanceof Error && 'reason' in error ? String(error.reason) : String(error);
  }
};

it('are many', () => {
  expect(new Set(urls).size).toBeGreaterThan(200);
});

describe.each([...new Set(urls)])('%j', (url) => {
  it('is refused as it stands', async () => {
    const refused = { kind: 'not-sent', reason: 'refused' };
    expect(await sent(url)).toMatchObject(refused);
    expect(await prepared(url)).toMatchObject(refused);
    expect(await downloaded(url)).toBe('refused');
  });

  it('is refused as the end of a redirect', async () => {
    location = Buffer.from(url.replaceAll('\t', '%09')).toString('latin1');
    // What cannot stand in a header whole is malformed as a redirect: as good an end.
    expect(['refused', 'malformed']).toContain(await downloaded(`http://127.0.0.1:${redirector.port}/1.png`));
  });
});

describe.each([...forbiddenAddresses4, ...forbiddenAddresses6])('a name that leads to %s', (address) => {
  const name = `to-${address.replaceAll(/[.:]/g, '-')}.test`;
  const all = async (host: string): Promise<unknown[]> => [
    await sent(`https://${host}/`),
    await prepared(`https://${host}/`),
    await downloaded(`https://${host}/`),
  ];
  const refusedAll = [
    expect.objectContaining({ kind: 'not-sent', reason: 'refused' }),
    expect.objectContaining({ kind: 'not-sent', reason: 'refused' }),
    'refused',
  ];

  it('is refused, alone and beside a public address', async () => {
    names.set(name, () => [address]);
    expect(await all(name)).toEqual(refusedAll);
    names.set(`both-${name}`, () => [nobody, address]);
    expect(await all(`both-${name}`)).toEqual(refusedAll);
    location = `https://${name}/`;
    expect(await downloaded(`http://127.0.0.1:${redirector.port}/1.png`)).toBe('refused');
  });

  it('and led to a public one a moment ago is refused; each call asks once', async () => {
    const rebinding = `rebinding-${name}`;
    names.set(rebinding, (time) => [time === 0 ? nobody : address]);
    const before = dns.questions.length;
    const first = await prepared(`https://${rebinding}/`);
    expect(first).toMatchObject({ kind: 'not-sent', reason: expect.stringMatching(/^connect/) });
    expect(dns.questions.slice(before)).toEqual([rebinding, rebinding]);
    expect(await all(rebinding)).toEqual(refusedAll);
  });
});
