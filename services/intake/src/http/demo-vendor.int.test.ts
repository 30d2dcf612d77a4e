import type { DemoVendor } from '../demo-vendor.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

const path = '/demo/vendor';

let intake: TestIntake;
let caused: string[];

const demoVendor: DemoVendor = {
  troubles: [
    { id: 'none', title: 'All is well', description: 'Nothing goes wrong.' },
    { id: 'down', title: 'Down', description: 'Everything does.' },
  ],
  current: () => caused.at(-1),
  cause: (id) => void caused.push(id),
};
const put = (trouble: unknown, headers: Record<string, string>) =>
  intake.bare({ method: 'PUT', path, headers, body: { trouble } });
const ours = () => ({ authorization: `Bearer ${intake.key}` });

beforeEach(() => void (caused = []));
afterEach(() => intake.stop());

describe('where a demo has brought its vendor along', () => {
  beforeEach(async () => {
    intake = await startTestIntake({ demoSession: true }, { demoVendor });
  });

  it('is broken and put right by the session of the demo, from our own page alone', async () => {
    const page = await intake.bare({ path: '/' });
    const cookie = page.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const shown = await intake.bare({ path, headers: { cookie } });
    expect([shown.status, shown.headers['cache-control'], shown.json()]).toEqual([
      200,
      'no-store',
      { data: { troubles: demoVendor.troubles, current: null } },
    ]);
    const done = await put('down', { cookie, origin: intake.url });
    expect([done.status, done.json()]).toMatchObject([200, { data: { current: 'down' } }]);
    expect((await put('none', { cookie, origin: 'https://evil.example' })).status).toBe(403);
    expect((await put('none', { cookie })).status).toBe(403);
    expect(caused).toEqual(['down']);
  });

  it('is not there for any other key, nor for nobody', async () => {
    const foreign = { authorization: `Bearer ${intake.foreignKey}` };
    expect((await put('down', foreign)).status).toBe(404);
    expect((await intake.bare({ path, headers: foreign })).status).toBe(404);
    expect((await put('down', {})).status).toBe(401);
    expect(caused).toEqual([]);
  });

  it.each(['nothing-known', '', 7, null, '__proto__'])('refuses %p', async (trouble) => {
    expect((await put(trouble, ours())).status).toBe(422);
    expect(caused).toEqual([]);
  });
});

describe('where it is no demo', () => {
  it.each([
    ['nobody brought a vendor', { demoSession: true }, {}],
    ['visitors get no session', { demoSession: false }, { demoVendor }],
  ])('it is not there: %s', async (_why, config, options) => {
    intake = await startTestIntake(config, options);
    expect((await put('down', ours())).status).toBe(404);
    expect((await intake.bare({ path, headers: ours() })).status).toBe(404);
    expect((await intake.bare({ path: '/' })).text).not.toContain('data-demo');
    expect(caused).toEqual([]);
  });
});
