import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { SimulatorUnderTest, until } from './simulator-under-test.js';

const secret = `whsec_${Buffer.from('the secret of this test').toString('base64')}`;
const simulator = new SimulatorUnderTest();

interface Received {
  id: string;
  genuine: boolean;
  body: Record<string, unknown>;
}

let received: Received[] = [];
let refuseFirst = 0;
const receiver: Server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const raw = Buffer.concat(chunks).toString('utf8');
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    let genuine = true;
    try {
      new Webhook(secret).verify(raw, headers);
    } catch {
      genuine = false;
    }
    received.push({ id: headers['webhook-id'] ?? '', genuine, body: JSON.parse(raw) });
    response.statusCode = refuseFirst-- > 0 ? 500 : 204;
    response.end();
  });
});
let hook = '';

beforeAll(async () => {
  await simulator.start(secret);
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port }: AddressInfo = Object(receiver.address());
  hook = `http://127.0.0.1:${port}/hook`;
});
beforeEach(() => {
  received = [];
  refuseFirst = 0;
});
afterAll(async () => {
  await simulator.remove();
  await new Promise((resolve) => receiver.close(resolve));
});

describe('webhooks', () => {
  it('say nothing where the fault “send” is not set', async () => {
    await simulator.faults({});
    const { body } = await simulator.submit({ webhook_url: hook });
    await simulator.jobWith(body['id'], 'succeeded');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).toEqual([]);
  });

  it.each(['standard', 'keyed', 'reject', 'blind'])('carry the job of %s, signed', async (model) => {
    await simulator.faults({ webhook: { send: 1 } });
    const { body } = await simulator.submit({ model, webhook_url: hook, reference: `hook-${model}` });
    await until(() => received[0]);
    expect(received).toMatchObject([{ genuine: true, body: { id: body['id'], status: 'succeeded' } }]);
  });

  it('duplicate comes twice under one id', async () => {
    await simulator.faults({ webhook: { send: 1, duplicate: 1 } });
    await simulator.submit({ webhook_url: hook });
    await until(() => received[1]);
    expect(received[0]?.id).toBe(received[1]?.id);
  });

  it('forge adds one that the secret did not sign', async () => {
    await simulator.faults({ webhook: { send: 1, forge: 1 } });
    await simulator.submit({ webhook_url: hook });
    await until(() => received[1]);
    expect(new Set(received.map(({ genuine }) => genuine))).toEqual(new Set([false, true]));
  });

  it('early comes before the answer to the submit', async () => {
    await simulator.faults({ webhook: { send: 1, early: 1 }, job: { seconds: [5, 5] } });
    const { body } = await simulator.submit({ webhook_url: hook });
    expect(received).toMatchObject([{ genuine: true, body: { id: body['id'], status: 'queued' } }]);
  });

  it('lose sends nothing', async () => {
    await simulator.faults({ webhook: { send: 1, lose: 1 } });
    const { body } = await simulator.submit({ webhook_url: hook });
    await simulator.jobWith(body['id'], 'succeeded');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).toEqual([]);
  });

  it('delay_seconds waits after the end', async () => {
    await simulator.faults({ webhook: { send: 1, delay_seconds: 0.4 } });
    const started = Date.now();
    await simulator.submit({ webhook_url: hook });
    await until(() => received[0]);
    expect(Date.now() - started).toBeGreaterThanOrEqual(395);
  });

  it('are tried again when the receiver fails', async () => {
    refuseFirst = 1;
    await simulator.faults({ webhook: { send: 1 } });
    await simulator.submit({ webhook_url: hook });
    await until(() => received[1]);
    expect(received[0]?.id).toBe(received[1]?.id);
  });

  it('tell a cancellation', async () => {
    await simulator.faults({ webhook: { send: 1 }, job: { seconds: [60, 60] } });
    const { body } = await simulator.submit({ webhook_url: hook });
    await simulator.call('POST', `/v1/jobs/${String(body['id'])}/cancel`);
    await until(() => received[0]);
    expect(received).toMatchObject([{ body: { status: 'canceled' } }]);
  });

  it('that were due when the process stopped are sent by the next', async () => {
    await simulator.faults({ webhook: { send: 1 }, job: { seconds: [0.5, 0.5] } });
    const { body } = await simulator.submit({ webhook_url: hook });
    await simulator.stop();
    await simulator.start(secret);
    await until(() => received[0]);
    expect(received).toMatchObject([{ genuine: true, body: { id: body['id'], status: 'succeeded' } }]);
  });
});
