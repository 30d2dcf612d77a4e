import { generateApiKey } from '@darkroom/platform';
import { z } from 'zod';
import { ControlPlaneUnderTest, problemOf } from './testing/control-plane-under-test.js';

let ops: ControlPlaneUnderTest;
beforeAll(async () => {
  ops = await ControlPlaneUnderTest.create();
});
afterAll(async () => {
  await ops.drop();
});

describe('lets in', () => {
  it.each([
    ['nobody without a key', null],
    ['no tenant', generateApiKey('dk_test')],
    ['no operator it does not know', generateApiKey('dk_ops')],
    ['no nonsense', 'x'],
  ])('%s', async (_who, key) => {
    for (const path of ['generations', 'generations/gen_x', 'unresolved', 'orphans', 'parked', 'audit']) {
      const response = await ops.call(`/ops/v1/${path}`, {}, key);
      expect(response.status).toBe(401);
      expect((await problemOf(response)).code).toBe('unauthenticated');
    }
  });

  it('anybody to the page that a problem names', async () => {
    const { type } = z
      .object({ type: z.string() })
      .parse(await (await ops.call('/ops/v1/audit', {}, null)).json());
    for (const path of [type, '/docs/errors']) {
      const answer = await ops.call(path, {}, null);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(await answer.text()).toContain('unauthenticated');
    }
    expect((await ops.call('/docs/errors/none', {}, null)).status).toBe(404);
  });

  it('no key that was revoked', async () => {
    const key = generateApiKey('dk_ops');
    const again = await ops.start(key);
    await again.stop();
    expect((await ops.call('/ops/v1/audit', {}, key)).status).toBe(200);
    await ops.database.sql`
      update control_plane.operator_keys set revoked_at = now()
      where id = (select id from control_plane.operator_keys order by created_at desc limit 1)`;
    expect((await ops.call('/ops/v1/audit', {}, key)).status).toBe(401);
  });

  it('a key of which it stores only a hash', async () => {
    const rows = await ops.database.sql`select * from control_plane.operator_keys`;
    expect(JSON.stringify(rows)).not.toContain(ops.operatorKey.slice('dk_ops_'.length));
  });
});

it('is alive, and ready until it leaves', async () => {
  const leaving = await ops.start();
  const asked = (path: string) => fetch(`${leaving.url}/health/${path}`);
  expect([(await asked('live')).status, (await asked('ready')).status]).toEqual([200, 200]);
  leaving.leave();
  expect([(await asked('live')).status, (await asked('ready')).status]).toEqual([200, 503]);
  await leaving.stop();
});
