import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createEgress, type Egress } from '@darkroom/platform';
import { z } from 'zod';
import { modelDirectory } from '../accounts.js';
import { type VendorCalls, vendorCalls } from './vendor-calls.js';

const tasks = z.array(z.object({ taskUUID: z.string() }));

let server: Server;
let egress: Egress;
let calls: VendorCalls;
let port: number;
/** Tasks of each request, in the order in which they came. */
let asked: string[][];
/** Whether it has no room for questions about several. */
let isBusy: boolean;
/** Whether it never answers. */
let isHanging: boolean;
/** What was not waited for to the end. */
let cut: string[][];

/** A vendor that takes its time: Runware, which knows `known …`; ComfyUI, where `known …` runs. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString();
  const isQuestion = request.method === 'POST';
  const ids = isQuestion
    ? tasks.parse(JSON.parse(body)).map(({ taskUUID }) => taskUUID)
    : [request.url ?? ''];
  asked.push(ids);
  if (isHanging) {
    await once(response, 'close');
    cut.push(ids);
    return;
  }
  await delay(80);
  if (isBusy && ids.length > 1) {
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' }).end('{}');
    return;
  }
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify(isQuestion ? ofTasks(ids) : request.url === '/queue' ? queue : {}));
}

const ofTasks = (ids: readonly string[]) => ({
  data: ids
    .filter((id) => id.startsWith('known'))
    .map((taskUUID) => ({ taskType: 'imageInference', taskUUID, status: 'processing' })),
});
const queue = {
  queue_running: Array.from({ length: 9 }, (_, n) => [n, `known ${n}`, {}, {}, []]),
  queue_pending: [],
};

beforeEach(async () => {
  asked = [];
  isBusy = false;
  isHanging = false;
  cut = [];
  server = createServer((request, response) => void answer(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ port } = server.address() as AddressInfo);
  const allowed = { scheme: 'http', host: '127.0.0.1', port } as const;
  egress = createEgress({
    allow: ['runware', 'comfyui'].map((account) => ({ purpose: 'poll', account, ...allowed })),
  });
  calls = vendorCalls(egress);
});
afterEach(async () => {
  await egress.stop();
  server.close();
});

function accessTo(vendor: string, model: string) {
  const baseUrl = `http://127.0.0.1:${port}`;
  const access = modelDirectory([{ id: vendor, vendor, baseUrl, credential: 'k', privateAddress: true }])(
    `${vendor}/${model}`,
  );
  if (access === undefined) throw new Error(`no ${model}`);
  return access;
}
const ids = ['known 0', 'known 1', 'known 2', 'lost', 'known 3', 'known 4', 'known 5'];

it('asks Runware for all that are wanted while it answers in one question, and alone for what it does not tell of', async () => {
  const access = accessTo('runware', 'runware:101@1');
  const answers = await Promise.all(ids.map((jobId) => calls.poll(access, { jobId, jobUrl: null })));
  const isJob = { kind: 'job', state: { kind: 'open' } };
  expect(answers).toMatchObject(
    ids.map((jobId) => (jobId === 'lost' ? { kind: 'not_found' } : { ...isJob, jobId })),
  );
  const together = asked.filter(({ length }) => length > 1);
  expect(together).toEqual([['known 2', 'lost', 'known 3', 'known 4', 'known 5']]);
  // Where it is running, then in the archive.
  expect(asked.filter((one) => one.length === 1 && one[0] === 'lost')).toHaveLength(2);
});

it('does not ask a vendor without room for each of them instead', async () => {
  isBusy = true;
  const access = accessTo('runware', 'runware:101@1');
  const answers = await Promise.all(ids.map((jobId) => calls.poll(access, { jobId, jobUrl: null })));
  expect(answers.slice(0, 2)).toMatchObject([{ kind: 'job' }, { kind: 'job' }]);
  for (const one of answers.slice(2)) expect(one).toMatchObject({ kind: 'error', retryAfterSeconds: 7 });
  expect(asked).toHaveLength(3);
});

it('cuts a question short that nobody wants answered any more', async () => {
  const access = accessTo('runware', 'runware:101@1');
  isHanging = true;
  const leaving = new AbortController();
  const all = ids.map((jobId) => calls.poll(access, { jobId, jobUrl: null }, leaving.signal));
  while (asked.length < 2) await delay(1);
  leaving.abort();
  for (const one of await Promise.all(all)) expect(one.kind).toBe('no_answer');
  // At the vendor too, and not only left behind.
  while (cut.length < 2) await delay(1);
  // Two connections end in whatever order.
  expect(new Set(cut.flat())).toEqual(new Set(['known 0', 'known 1']));
  expect(asked).toHaveLength(2);
});

it('asks a ComfyUI once for its queue, and for the past of what is not in it', async () => {
  const access = accessTo('comfyui', 'sdxl-base');
  const answers = await Promise.all(ids.map((jobId) => calls.poll(access, { jobId, jobUrl: null })));
  expect(answers.map(({ kind }) => kind)).toEqual(ids.map((id) => (id === 'lost' ? 'not_found' : 'job')));
  expect(asked.map(([path]) => path)).toEqual(['/queue', '/queue', '/queue', '/history/lost']);
});

it('asks for one alone as ever', async () => {
  const access = accessTo('runware', 'runware:101@1');
  for (const jobId of ['known 1', 'known 2'])
    expect(await calls.poll(access, { jobId, jobUrl: null })).toMatchObject({ kind: 'job', jobId });
  expect(asked).toEqual([['known 1'], ['known 2']]);
});
