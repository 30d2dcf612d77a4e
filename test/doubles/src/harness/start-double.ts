import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { draw, drawPicture } from '@darkroom/simulator';
import { type ControlsInput, controlsSchema, type Mishap } from './controls.js';
import { sendOutput } from './outputs.js';
import type { Call, DoubleWorld, Reply, VendorProtocol, Webhook } from './protocol.js';
import { type DoubleJob, VendorBook } from './vendor-book.js';
import { usualWords, type VendorWords } from './words.js';

/** A vendor's double, listening on loopback. */
export interface VendorDouble {
  readonly url: string;
  /** What it took and will bill, and everything that it was asked. */
  readonly book: VendorBook;
  readonly calls: readonly Call[];
  /** How it says what all vendors say. */
  readonly words: VendorWords;
  /** With which status each try of a webhook was answered; 0: with none. */
  readonly deliveries: readonly number[];
  /** The same of jobs whose prompt has this text. */
  deliveriesAbout(text: string): number[];
  /** When each submit came that carries this text, whatever came of it; milliseconds since the epoch. */
  submitsAbout(text: string): number[];
  /** Also `PUT /__control` with the same as JSON. */
  control(wanted: ControlsInput): void;
  stop(): Promise<void>;
}

/** Starts a vendor that speaks this protocol. */
export async function startDouble(protocol: VendorProtocol, port = 0): Promise<VendorDouble> {
  const book = new VendorBook();
  const words = { ...usualWords, ...protocol.words };
  const calls: Call[] = [];
  const delivered: { readonly job: DoubleJob; readonly status: number }[] = [];
  const submitted: { readonly call: Call; readonly at: number }[] = [];
  const stopping = new AbortController();
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken }: AddressInfo = Object(server.address());
  const url = `http://127.0.0.1:${taken}`;

  const picture = (job: DoubleJob, index: number): Promise<Buffer> => drawPicture({ ...job.order, index });
  const world: DoubleWorld = {
    book,
    url,
    picture,
    async output(job, index) {
      if (!book.controls.output.inline) return `${url}/outputs/${job.id}/${index}.${job.order.format}`;
      return `data:image/${job.order.format};base64,${(await picture(job, index)).toString('base64')}`;
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await callOf(request);
    if (call.path === '/__control' && call.method === 'PUT') {
      book.control(controlsSchema.parse(JSON.parse(call.body.toString())));
      return send(response, { status: 204 });
    }
    if (call.path.startsWith('/outputs/')) return output(call, response);
    calls.push(call);
    const { refuse, submit } = book.controls;
    const isSubmit = protocol.isSubmit(call);
    if (isSubmit) {
      book.submits += 1;
      submitted.push({ call, at: Date.now() });
    }
    const isMeant = {
      submit: isSubmit,
      poll: protocol.isPoll(call),
      result: protocol.isResult?.(call) === true,
    };
    if (refuse !== undefined && isMeant[refuse.of] && isAbout(call, refuse.about) && book.takes(refuse)) {
      const reply = protocol.refuse(refuse.status, refuse.reason);
      const retryAfter = refuse.retryAfter === undefined ? {} : { 'retry-after': refuse.retryAfter };
      return send(response, { ...reply, headers: { ...reply.headers, ...retryAfter } });
    }
    const luck = submit.seed === undefined ? Math.random() : draw(submit.seed, 'submit.mishap', book.submits);
    const mishap =
      isSubmit && submit.mishap && isAbout(call, submit.about) && luck < submit.chance && book.takes(submit)
        ? submit.mishap
        : undefined;
    if (mishap === 'drop-before-accept') return void request.socket.destroy();
    const reply = await protocol.handle(call, world);
    if (reply.picture !== undefined) return sendPicture(reply.picture.job, reply.picture.index, response);
    if (reply.taken === undefined) return send(response, reply);
    if (book.controls.webhook.early) await deliver(reply.taken, 'completed');
    void sendWebhooks(reply.taken).catch(() => undefined);
    spoil(request, response, reply, mishap);
  }

  async function output(call: Call, response: ServerResponse): Promise<void> {
    const [, , id = '', name = ''] = call.path.split('/');
    const job = book.job(id);
    const index = Number.parseInt(name, 10);
    if (job === undefined || !(index >= 0 && index < job.order.count)) return send(response, { status: 404 });
    await sendPicture(job, index, response);
  }

  async function sendPicture(job: DoubleJob, index: number, response: ServerResponse): Promise<void> {
    const { output: wanted } = book.controls;
    const spoilt = wanted.spoilt !== undefined && book.takes(wanted) ? wanted.spoilt : undefined;
    await sendOutput(response, await picture(job, index), `image/${job.order.format}`, spoilt);
  }

  async function sendWebhooks(job: DoubleJob): Promise<void> {
    const { webhook } = book.controls;
    if (!webhook.send || job.webhook === null) return;
    while (!book.isEnded(job)) await delay(20, undefined, { signal: stopping.signal });
    await delay(webhook.delaySeconds * 1_000, undefined, { signal: stopping.signal });
    if (webhook.forged) await forge(job);
    await deliver(job, 'completed', webhook.duplicate ? 2 : 1);
    if (webhook.beforeStart) await deliver(job, 'start');
  }

  /** So many times the same. */
  async function deliver(job: DoubleJob, event: 'start' | 'completed', times = 1): Promise<void> {
    if (job.webhook === null || protocol.webhook === undefined) return;
    const webhook = await protocol.webhook(job, event, world, book.controls.webhook.wrongSignature);
    if (webhook === undefined) return;
    for (let nth = 0; nth < times; nth += 1)
      for (const wait of [0, 500, 2_000]) {
        await delay(wait, undefined, { signal: stopping.signal });
        if (await post(job, job.webhook, webhook)) break;
      }
  }

  /** Nobody tries again what was refused. */
  async function forge(job: DoubleJob): Promise<void> {
    if (job.webhook === null || protocol.webhook === undefined) return;
    if (words.signsWebhooks)
      await post(job, job.webhook, await protocol.webhook(job, 'completed', world, true));
    const elsewhere = job.webhook.replace(/[^/]{10}$/, 'AAAAAAAAAA');
    await post(job, elsewhere, await protocol.webhook(job, 'completed', world, false));
  }

  async function post(job: DoubleJob, address: string, webhook: Webhook | undefined): Promise<boolean> {
    if (webhook === undefined) return true;
    const { headers, body } = webhook;
    const told = await fetch(address, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(5_000)]),
    }).catch(() => undefined);
    await told?.body?.cancel();
    delivered.push({ job, status: told?.status ?? 0 });
    return told?.ok === true;
  }

  return {
    url,
    book,
    calls,
    words,
    get deliveries() {
      return delivered.map(({ status }) => status);
    },
    deliveriesAbout: (text) =>
      delivered.filter(({ job }) => job.order.prompt.includes(text)).map(({ status }) => status),
    submitsAbout: (text) => submitted.filter(({ call }) => isAbout(call, text)).map(({ at }) => at),
    control: (wanted) => book.control(wanted),
    async stop() {
      stopping.abort();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const isAbout = ({ body }: Call, text = ''): boolean => body.includes(text);

async function callOf(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://double');
  return {
    method: request.method ?? '',
    path: pathname,
    query: searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks),
  };
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = body === undefined ? '' : isRaw ? body : JSON.stringify(body);
  response.writeHead(status, { ...(isRaw ? {} : { 'content-type': 'application/json' }), ...headers });
  response.end(bytes);
}

/** What is taken is billed; only whether its sender hears of it is in question here. */
function spoil(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  mishap: Mishap | undefined,
): void {
  const whole = JSON.stringify(reply.body);
  switch (mishap) {
    case 'accept-then-drop':
      request.socket.destroy();
      return;
    case 'accept-then-hang':
      return;
    case 'accept-then-502-html':
      return send(response, {
        status: 502,
        headers: { 'content-type': 'text/html' },
        body: '<html><head><title>502 Bad Gateway</title></head></html>',
      });
    case 'accept-then-garbage-json':
      return send(response, {
        status: reply.status,
        headers: { 'content-type': 'application/json' },
        body: whole.slice(0, whole.length / 2),
      });
    case 'accept-then-cut-body':
      response.writeHead(reply.status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(whole),
      });
      response.write(whole.slice(0, whole.length / 2), () => request.socket.destroy());
      return;
    default:
      return send(response, reply);
  }
}
