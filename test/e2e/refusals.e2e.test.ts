import { type SettingName, settings } from '@darkroom/platform';
import { mainOf, serviceNames } from '../faults/own-process.js';
import { runToEnd } from '../faults/run-to-end.js';
import { ServiceWorld } from '../faults/service-world.js';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.create();
});
afterAll(async () => {
  await world.dispose();
});

/** Of each setting something that it cannot be. */
function wrongOf(name: SettingName): string {
  const candidates = ['canary not one', 'canary\u0007'];
  const wrong = candidates.find((value) => !settings[name].safeParse(value).success);
  if (wrong === undefined) throw new Error(`${name} takes anything`);
  return wrong;
}

const oneLine = (service: string, named: string): RegExp =>
  new RegExp(`^${service}: [^\\n]*${named}[^\\n]*\\n$`);

it.each(Object.keys(settings) as SettingName[])(
  'a wrong %s ends the start with code 1 and one line that names it and not its value',
  async (name) => {
    const service = 'projections';
    const env = { ...world.settings(service), [name]: wrongOf(name) };
    const { code, out, errors } = await runToEnd(mainOf(service), env);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(errors).toMatch(oneLine(service, name));
    expect(errors).not.toContain('canary');
  },
);

it.each(serviceNames)('%s says in one line which setting is missing', async (service) => {
  const { code, errors } = await runToEnd(mainOf(service), { ...world.settings(service), DATABASE_URL: '' });
  expect(code).toBe(1);
  expect(errors).toMatch(oneLine(service, 'DATABASE_URL'));
});

it.each(serviceNames)('%s does not start on a database that is newer than it', async (service) => {
  await world.database.superuser`
    insert into event_store.migrations (number, name, sha256) values (999, '0999_from_the_future.sql', '')
    on conflict do nothing`;
  const { code, errors } = await runToEnd(mainOf(service), world.settings(service));
  expect(code).toBe(1);
  expect(errors).toMatch(oneLine(service, 'the database is newer than this program'));
});
