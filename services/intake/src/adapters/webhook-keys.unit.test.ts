import { createLogger, type EgressOutcome, type EgressRequest } from '@darkroom/platform';
import { WebhookKeys } from './webhook-keys.js';

const answer = (status: number, ...keys: string[]): EgressOutcome => ({
  kind: 'answer',
  status,
  headers: {},
  body: Buffer.from(JSON.stringify({ keys: keys.map((x) => ({ kty: 'OKP', crv: 'Ed25519', x })) })),
});

function world(...answers: EgressOutcome[]) {
  const asked: EgressRequest[] = [];
  const clock = { now: 1_000_000 };
  const keys = new WebhookKeys(
    { fal: ['configured'], sim: ['secret'] },
    { fal: { account: 'main', url: 'https://keys.example/jwks' } },
    {
      async send(request) {
        asked.push(request);
        return answers[asked.length - 1] ?? { kind: 'lost', reason: 'timeout', error: 'silent' };
      },
    },
    createLogger({ service: 'test', level: 'silent' }),
    () => clock.now,
  );
  return { keys, asked, clock };
}

it('fetches published keys once in a while, and for many at once once', async () => {
  const { keys, asked, clock } = world(answer(200, 'a'), answer(200, 'b'));
  expect(await Promise.all([keys.of('fal'), keys.of('fal')])).toEqual([
    ['configured', 'a'],
    ['configured', 'a'],
  ]);
  clock.now += 11 * 3_600_000;
  await keys.of('fal');
  expect(asked).toHaveLength(1);
  clock.now += 2 * 3_600_000;
  expect(await keys.of('fal')).toEqual(['configured', 'b']);
});

it('looks for a new key once a minute at most, whether it finds one or nobody answers', async () => {
  const { keys, asked, clock } = world(answer(200, 'a'), answer(500), answer(200, 'a', 'b'));
  await keys.of('fal');
  expect(await keys.again('fal')).toEqual(['a']);
  expect(asked).toHaveLength(1);
  clock.now += 61_000;
  expect(await keys.again('fal')).toEqual(['a']);
  expect(await keys.again('fal')).toEqual(['a']);
  expect(asked).toHaveLength(2);
  clock.now += 61_000;
  expect(await keys.again('fal')).toEqual(['a', 'b']);
});

it('asks once a minute where it never had an answer', async () => {
  const { keys, asked } = world();
  for (let n = 0; n < 20; n += 1) expect(await keys.of('fal')).toEqual(['configured']);
  expect(asked).toHaveLength(1);
});

it('keeps what it knows where the vendor does not answer, for a day', async () => {
  const { keys, clock } = world(answer(200, 'a'), answer(500), answer(500));
  await keys.of('fal');
  clock.now += 23 * 3_600_000;
  expect(await keys.of('fal')).toEqual(['configured', 'a']);
  clock.now += 2 * 3_600_000;
  expect(await keys.of('fal')).toEqual(['configured']);
});

it('asks nobody for a vendor that publishes none', async () => {
  const { keys, asked } = world();
  expect(await keys.of('sim')).toEqual(['secret']);
  expect(await keys.again('sim')).toEqual([]);
  expect(asked).toEqual([]);
});
