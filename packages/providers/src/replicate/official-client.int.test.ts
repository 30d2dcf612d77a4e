import { randomBytes } from 'node:crypto';
import { replicateProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import Replicate, { validateWebhook } from 'replicate';
import { Speaker } from '../testing/speak.js';
import { startWebhookReceiver } from '../testing/webhook-receiver.js';
import { replicateAdapter } from './adapter.js';

const secret = `whsec_${randomBytes(24).toString('base64')}`;
const model = 'black-forest-labs/flux-schnell';
let double: VendorDouble;
let speaker: Speaker;

beforeAll(async () => {
  double = await startDouble(replicateProtocol({ webhookSecret: secret }));
  speaker = new Speaker(replicateAdapter, double, model, '/v1', [1344, 768]);
});
afterAll(() => double.stop());
beforeEach(() => speaker.control({ job: { seconds: 0.1 } }));

describe("the vendor's own client reads the double", () => {
  const client = (): Replicate => new Replicate({ auth: 'key', baseUrl: `${double.url}/v1` });

  it('creates, polls, reads and cancels', async () => {
    const replicate = client();
    const created = await replicate.predictions.create({
      model,
      input: { prompt: 'a boat', output_format: 'png' },
    });
    expect(created).toMatchObject({ status: 'starting', model });
    const ended = await replicate.wait(created, { interval: 50 });
    expect(ended).toMatchObject({
      id: created.id,
      status: 'succeeded',
      output: [expect.stringMatching(/^http/)],
    });
    speaker.control({ job: { seconds: 60 } });
    const long = await replicate.predictions.create({ model, input: { prompt: 'a boat' } });
    expect(await replicate.predictions.cancel(long.id)).toMatchObject({ status: 'canceled' });
  });

  it('runs a model to its files', async () => {
    const files = await client().run(model, { input: { prompt: 'a boat', num_outputs: 2 } });
    expect(files).toHaveLength(2);
  });

  it('follows the pages of the list', async () => {
    speaker.control({ list: { pageSize: 5 } });
    const replicate = client();
    const seen: string[] = [];
    for await (const page of replicate.paginate(() => replicate.predictions.list()))
      seen.push(...page.map(({ id }) => id));
    expect(seen).toEqual(double.book.all().map(({ id }) => id));
  });

  it('understands its refusals', async () => {
    speaker.control({ refuse: { status: 422 } });
    await expect(client().predictions.create({ model, input: {} })).rejects.toMatchObject({
      response: { status: 422 },
    });
  });

  it('accepts its signatures', async () => {
    const receiver = await startWebhookReceiver();
    try {
      speaker.control({ job: { seconds: 0 } });
      await client().predictions.create({
        model,
        input: { prompt: 'a boat' },
        webhook: receiver.url,
        webhook_events_filter: ['completed'],
      });
      await receiver.received(1);
      const [told] = receiver.deliveries;
      const header = (name: string): string => String(told?.headers[name]);
      const { key } = await client().webhooks.default.secret.get();
      expect(key).toBe(secret);
      const signed = {
        id: header('webhook-id'),
        timestamp: header('webhook-timestamp'),
        signature: header('webhook-signature'),
        body: Buffer.from(told?.rawBody ?? []).toString(),
      };
      expect(await validateWebhook({ ...signed, secret })).toBe(true);
      expect(
        await validateWebhook({ ...signed, secret: `whsec_${randomBytes(24).toString('base64')}` }),
      ).toBe(false);
    } finally {
      await receiver.stop();
    }
  });

  it('submits again by itself when the answer is lost, which is why Darkroom does not submit through it', async () => {
    speaker.control({ submit: { mishap: 'accept-then-drop' } });
    const taken = await speaker.billed(async () =>
      client()
        .predictions.create({ model, input: { prompt: 'a boat' } })
        .catch(() => undefined),
    );
    expect(taken).toBeGreaterThan(1);
  });
});
