import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEgress, type Egress } from '@darkroom/platform';
import type { LostSubmit } from '@darkroom/providers';
import { modelDirectory } from '../accounts.js';
import { vendorCalls, type WholeLookup } from './vendor-calls.js';

let server: Server;
let egress: Egress;
let url: string;
/** What the vendor lists: a page for each. */
let pages: readonly object[];

beforeEach(async () => {
  server = createServer((request, response) => {
    const nth = Number(new URL(request.url ?? '', url).searchParams.get('cursor') ?? 0);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(pages[nth]));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
  const allowed = { scheme: 'http', host: '127.0.0.1', port } as const;
  egress = createEgress({ allow: [{ purpose: 'lookup', account: 'fal', ...allowed }] });
});
afterEach(async () => {
  await egress.stop();
  server.close();
});

async function lookUp(): Promise<string> {
  const where = { baseUrl: url, otherBaseUrls: { api: url }, privateAddress: true };
  const account = { id: 'fal', vendor: 'fal', credential: 'x', ...where };
  const access = modelDirectory([account])('fal/fal-ai/flux/dev');
  if (access === undefined) throw new Error('fal is not known');
  const lost: LostSubmit = {
    model: access.model,
    prompt: 'a boat',
    width: 512,
    height: 512,
    count: 1,
    seed: 7,
    format: 'png',
    reference: '00000000-0000-4000-8000-000000000000',
    startedAt: Date.now(),
    names: () => undefined,
  };
  return (await vendorCalls(egress).lookup(access, lost, new AbortController().signal)).kind;
}

const anothers = { request_id: 'another', json_input: { prompt: 'a train' } };
const isMore = (cursor: number): object => ({ has_more: true, next_cursor: String(cursor) });

it.each<[string, readonly object[], WholeLookup['kind']]>([
  ['all of it could be read', [{ items: [anothers], ...isMore(1) }, { items: [anothers] }], 'absent'],
  ['the last part could not', [{ items: [anothers], ...isMore(1) }, { items: [7] }], 'unreadable'],
  ['an earlier part could not', [{ items: [7], ...isMore(1) }, { items: [anothers] }], 'unreadable'],
  ['there is more, and no way to it', [{ items: [anothers], has_more: true }], 'unreadable'],
])('what a listing of several pages says of what it does not name: %s', async (_, listed, said) => {
  pages = listed;
  expect(await lookUp()).toBe(said);
});
