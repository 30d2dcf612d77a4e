import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@darkroom/event-store';
import { dump, restore, startDebianPostgres } from '@darkroom/event-store/testing';
import { getBytes, getGeneration, isFinal, type Target, tryCreate } from '../faults/client.js';
import { DarkroomProcess, launcher } from '../faults/darkroom-process.js';
import { runToEnd } from '../faults/run-to-end.js';
import { until } from '../faults/until.js';

const restoreCommand = fileURLToPath(new URL('../../deploy/local/dist/restore.js', import.meta.url));

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

/** Postgres of one's own, as Debian ships it: the settings that name it, and its superuser. */
async function cluster(): Promise<{ env: Record<string, string>; superuser: string }> {
  const postgres = await startDebianPostgres();
  closing.push(() => postgres.stop());
  const superuser = Object.assign(new URL(postgres.superuserUrl), { pathname: '/darkroom' }).href;
  // One login for all services, as docs/guides/postgres-of-your-own.md has it.
  const sql = openDatabase(superuser, { max: 1 });
  await sql.unsafe(`GRANT darkroom_api TO ${new URL(postgres.url).username}`);
  await sql.end();
  return { env: { DATABASE_URL: postgres.url, DATABASE_OWNER_URL: postgres.ownerUrl }, superuser };
}

async function finish(target: Target, key: string): Promise<string> {
  const id = await tryCreate(target, key, { prompt: `a lighthouse, ${key}`, model: 'sim/standard' });
  if (id === undefined) throw new Error('not accepted');
  await until('an end', 20, async () => (isFinal(await getGeneration(target, id)) ? id : undefined));
  return id;
}

/** What the feed tells beyond this event until this generation is completed, and the id of its last event. */
async function feed(target: Target, after: string, of: string): Promise<{ text: string; last: string }> {
  const leaving = new AbortController();
  const response = await fetch(`${target.intake}/v1/events?after=${after}`, {
    headers: { authorization: `Bearer ${target.demo_key}`, accept: 'text/event-stream' },
    signal: leaving.signal,
  });
  if (response.body === null) throw new Error('no body');
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (
      text.endsWith('\n\n') &&
      new RegExp(`GenerationCompleted[^\\n]*${of}|${of}[^\\n]*GenerationCompleted`).test(text)
    )
      break;
  }
  leaving.abort();
  const ids = [...text.matchAll(/^id: ?(.+)$/gm)].map(([, id]) => id ?? '');
  return { text, last: ids.at(-1) ?? '' };
}

it('a dump in a cluster of its own: one line until `npm run restore`, then everything goes on where it was', async () => {
  const first = await cluster();
  const here = new DarkroomProcess(first.env);
  closing.push(() => here.dispose());
  const before = await here.start();
  // A cluster that has run for a while: its transactions' numbers lie above those of a fresh one.
  const superuser = openDatabase(first.superuser, { max: 1 });
  await superuser`DO $$ BEGIN FOR n IN 1..3000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`;
  await superuser.end({ timeout: 5 });
  const id = await finish(before, 'first');
  const resource = await getGeneration(before, id);
  const { last } = await feed(before, '', id);
  await here.stop();

  const file = join(here.dataDir, 'darkroom.dump');
  await dump(first.superuser, file, '--format=custom');
  const second = await cluster();
  await restore(second.superuser, file);

  const env = { DATA_DIR: here.dataDir, ...second.env };
  const refused = await runToEnd(launcher, env);
  expect(refused.code).toBe(1);
  expect(refused.errors.trim()).toMatch(/^darkroom: [^\n]*npm run restore[^\n]*$/);
  const adopted = await runToEnd(restoreCommand, env);
  expect(adopted).toMatchObject({ code: 0, errors: '' });
  expect(adopted.out).toMatch(/^Adopted: \d+ events and \d+ checkpoints/m);
  expect((await runToEnd(restoreCommand, env)).out).toMatch(/^Nothing to do/m);

  const after = await here.start(30, second.env);
  const { artifacts, ...rest } = await getGeneration(after, id);
  expect({ ...rest, artifacts: artifacts.map(({ sha256 }) => sha256) }).toEqual({
    ...resource,
    artifacts: resource.artifacts.map(({ sha256 }) => sha256),
  });
  expect((await getBytes(after, artifacts[0]?.content_url ?? '')).length).toBeGreaterThan(0);
  expect(await tryCreate(after, 'first', { prompt: 'a lighthouse, first', model: 'sim/standard' })).toBe(id);
  const fresh = await finish(after, 'second');
  // Whoever followed the feed before goes on behind its last event, and misses nothing.
  const { text } = await feed(after, last, fresh);
  expect(text).not.toContain(id);
});
