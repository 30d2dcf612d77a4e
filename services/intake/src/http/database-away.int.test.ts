import { arrayOf } from '@darkroom/event-store';
import { newUuid } from '@darkroom/platform';
import { acceptedEnvelope, problemSchema } from '../openapi/response-schemas.js';
import { severableLink, type SeverableLink } from '@darkroom/platform/testing';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';
import { until } from '../testing/until.js';

let intake: TestIntake;
let link: SeverableLink;
beforeAll(async () => {
  intake = await startTestIntake();
  const { hostname, port } = new URL(intake.database.apiUrl);
  link = await severableLink({ host: hostname, port: Number(port) });
  const databaseUrl = Object.assign(new URL(intake.database.apiUrl), { host: `127.0.0.1:${link.port}` }).href;
  await intake.restart({ databaseUrl });
});
afterAll(async () => {
  await intake.stop();
  await link.stop();
});

const post = (key: string) =>
  intake.call({
    method: 'POST',
    path: '/v1/generations',
    headers: { 'idempotency-key': key },
    body: { prompt: 'in the dark' },
  });

it('says 503 and when to come back while nothing can be stored, then heals by itself', async () => {
  const before = newUuid();
  const first = (await post(before)).json(acceptedEnvelope);
  link.cut();
  const during = newUuid();
  for (const key of [before, during]) {
    const answer = await post(key);
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2']);
    expect(answer.json(problemSchema)).toMatchObject({ code: 'unavailable', retryable: true });
    expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN|CONNECTION|postgres/i);
  }
  expect((await intake.bare({ path: '/health/ready' })).status).toBe(503);
  expect((await intake.bare({ path: '/health/live' })).status).toBe(200);

  link.join();
  const healed = await until('a 202', async () => {
    const answer = await post(during);
    return answer.status === 202 ? answer : undefined;
  });
  expect(healed.headers).not.toHaveProperty('idempotency-replayed');
  // What was acknowledged before is still there.
  const again = await post(before);
  expect([again.status, again.json(acceptedEnvelope)]).toEqual([202, first]);
  expect((await intake.bare({ path: '/health/ready' })).status).toBe(200);
});

it('never answers anything but 202 or 503 while connections break, and keeps each acknowledged one once', async () => {
  const keys = Array.from({ length: 60 }, () => newUuid());
  const acknowledged = new Map<string, string>();
  const send = async (key: string): Promise<void> => {
    const answer = await post(key);
    expect([202, 503]).toContain(answer.status);
    if (answer.status === 202) acknowledged.set(key, answer.json(acceptedEnvelope).data.id);
  };
  for (let start = 0; start < keys.length; start += 10) {
    const wave = keys.slice(start, start + 10).map(send);
    link.cut();
    link.join();
    await Promise.all(wave);
  }
  for (const key of keys) {
    const answer = await until('a 202', async () => {
      const again = await post(key);
      return again.status === 202 ? again : undefined;
    });
    const { id } = answer.json(acceptedEnvelope).data;
    expect(acknowledged.get(key) ?? id).toBe(id);
  }
  const [row] = await intake.database.sql`
    select count(*)::int as n from event_store.streams where idempotency_key = any(${arrayOf(keys)}::text[])`;
  expect(row?.['n']).toBe(keys.length);
});
