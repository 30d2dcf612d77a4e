import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { freePort } from '@darkroom/embedded-postgres';
import { type CogServer, startCogServer } from '@darkroom/vendor-doubles';
import { until } from '../../faults/until.js';
import { VendorWorld } from './vendor-world.js';

const token = 'a-token-of-the-server';

/** Passes everything on, and loses the answer to a submit where it is told to. */
interface LosingProxy {
  readonly url: string;
  losesNext: boolean;
  stop(): Promise<void>;
}

async function startLosingProxy(to: string): Promise<LosingProxy> {
  const server: Server = createServer((asked: IncomingMessage, answer) => {
    const onward = request(new URL(asked.url ?? '/', to), { method: asked.method, headers: asked.headers });
    onward.on('response', (said) => {
      if (proxy.losesNext && asked.method === 'PUT') {
        proxy.losesNext = false;
        said.resume();
        asked.socket.destroy();
        return;
      }
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.pipe(answer);
    });
    onward.on('error', () => asked.socket.destroy());
    asked.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: AddressInfo = Object(server.address());
  const proxy: LosingProxy = {
    url: `http://127.0.0.1:${port}`,
    losesNext: false,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

/** Stands where intake was, answers nobody, and leaves once somebody was turned away. */
async function comesInVain(port: number): Promise<void> {
  const deaf = createServer();
  const turnedAway = once(deaf, 'connection').then(([socket]: Socket[]) => socket?.destroy());
  await once(deaf.listen(port, '127.0.0.1'), 'listening');
  await turnedAway;
  deaf.close();
  await once(deaf, 'close');
}

let intakePort: number;
let cog: CogServer;
let proxy: LosingProxy;
let world: VendorWorld<{
  readonly url: string;
  readonly book: CogServer;
  stop(): Promise<void>;
}>;

beforeAll(async () => {
  cog = await startCogServer(token, 2);
  intakePort = await freePort();
  proxy = await startLosingProxy(cog.url);
  const vendor = {
    url: proxy.url,
    book: cog,
    stop: async () => {
      await proxy.stop();
      await cog.stop();
    },
  };
  world = await VendorWorld.start(
    vendor,
    'cog/text-to-image',
    { base_url: proxy.url, webhook_secrets: [{ env: 'COG_TOKEN' }], limits: { concurrent: 2 } },
    // Its webhooks go to the address that it was given, also after a restart.
    { COG_TOKEN: token, INTAKE_PORT: String(intakePort) },
  );
});
afterAll(() => world.stop());

it('draws with a model of one’s own', async () => {
  const bill = await world.billed(async () => {
    const resource = await world.ended(await world.create({ size: '1024x768', count: 2, seed: 7 }));
    expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(await world.picture(resource.artifacts[1]?.content_url)).toMatchObject({
      width: 1024,
      height: 768,
    });
  });
  expect(bill).toBe(1);
  expect(cog.bill.at(-1)).toBe('7');
});

it('runs once where the answer to the submit was lost: the webhook tells', async () => {
  const bill = await world.billed(async () => {
    proxy.losesNext = true;
    const id = await world.create();
    await world.isUnknown(id);
    expect(await world.ended(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });
  expect(bill).toBe(1);
});

it('runs once where everything is killed while it runs, and the webhook comes in vain at first', async () => {
  const before = cog.bill.length;
  const id = await world.create();
  await until('the run', 10, async () => (cog.bill.length > before ? true : undefined));
  await world.darkroom.kill();
  await comesInVain(intakePort);
  await world.darkroom.start();
  expect(await world.ended(id, 60)).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(cog.bill.length - before).toBe(1);
});
