import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '@darkroom/event-store';
import { z } from 'zod';
import { getBytes, getGeneration, isFinal, type Target, tryCreate } from '../faults/client.js';
import { DarkroomProcess } from '../faults/darkroom-process.js';
import { until } from '../faults/until.js';

let here: DarkroomProcess;
beforeAll(() => {
  here = new DarkroomProcess();
});
afterAll(async () => here.dispose());

/** Every table whose rows hold one of these words, whatever the column. */
async function tablesWith(sql: Database, words: readonly string[]): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`;
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await sql.unsafe<{ rows: number }[]>(
      `SELECT count(*)::int AS rows FROM ${name} t WHERE t::text LIKE ANY ($1::text[])`,
      [`{${words.map((word) => `"%${word}%"`).join(',')}}`],
    );
    if ((row?.rows ?? 0) > 0) found.push(name);
  }
  return found.toSorted();
}

/** Files of the object store whose name or bytes hold one of these words. */
function filesWith(folder: string, words: readonly string[]): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true }).map(String)) {
    const path = join(folder, entry);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    const isHit = (word: string): boolean =>
      entry.includes(word) || bytes.includes(word) || bytes.includes(Buffer.from(word).toString('base64'));
    if (words.some(isHit)) found.push(entry);
  }
  return found;
}

async function eraseContent(target: Target, id: string): Promise<number> {
  const { status } = await fetch(`${target.intake}/v1/generations/${id}/content`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${target.demo_key}` },
  });
  return status;
}

/** No service sees all tables. */
function superuserUrl(target: { readonly database_url: string }, dataDir: string): string {
  const kept = z
    .object({ superuserPassword: z.string() })
    .parse(JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')));
  return Object.assign(new URL(target.database_url), {
    username: 'postgres',
    password: kept.superuserPassword,
  }).href;
}

const streamOf = async (sql: Database, word: string): Promise<string> => {
  const [row] = await sql<{ stream: string }[]>`
    SELECT stream::text FROM event_store.events WHERE personal->>'prompt' LIKE ${`%${word}%`}`;
  return row?.stream ?? '';
};

it('what was erased is in no table and in no object any more; what was not asked for stays', async () => {
  const target = await here.start();
  const sql = openDatabase(superuserUrl(target, here.dataDir), { max: 1 });
  const objects = join(here.dataDir, 'objects');
  try {
    // A vendor that links to its images and calls back, and one that sends them inline.
    for (const model of ['sim/standard', 'sim/inline']) {
      const [secret, kept] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')];
      const ids = await Promise.all(
        [secret, kept].map(async (word) => {
          const id = await tryCreate(target, randomBytes(8).toString('hex'), {
            prompt: `a lighthouse ${word}`,
            model,
          });
          if (id === undefined) throw new Error('not accepted');
          await until('an end', 20, async () => (isFinal(await getGeneration(target, id)) ? id : undefined));
          return id;
        }),
      );
      const [erased = '', other = ''] = ids;
      const { artifacts } = await getGeneration(target, erased);
      const [image] = artifacts;
      const bytes = await getBytes(target, image?.content_url ?? '');
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(image?.sha256);
      const stream = await streamOf(sql, secret);
      const [{ links } = { links: '' }] = await sql<{ links: string | null }[]>`
        SELECT string_agg(personal->'links'->0->>'url', ' ') AS links FROM event_store.events
        WHERE stream = ${stream} AND type = 'OutputsProduced'`;
      const link = /https?:\/\/[^ ]+/.exec(links ?? '')?.[0];
      const words = [secret, ...(link === undefined ? [] : [link])];
      expect(model === 'sim/standard' ? link : 'inline').toBeDefined();
      // It can be found as long as it is there.
      expect(await tablesWith(sql, words)).toEqual(
        expect.arrayContaining(['event_store.events', 'read_models.detail_v1']),
      );
      expect(filesWith(objects, [stream]).length).toBeGreaterThanOrEqual(3);

      expect(await eraseContent(target, erased)).toBe(204);
      let left: string[] = [];
      await until(
        'nothing left',
        10,
        async () => ((left = await tablesWith(sql, words)).length === 0 ? true : undefined),
        () => `still in ${left.join(', ')}`,
      );
      expect(filesWith(objects, [stream, ...words])).toEqual([]);
      expect(await getGeneration(target, erased)).toMatchObject({ prompt: null, artifacts: [] });

      expect(await tablesWith(sql, [kept])).toContain('event_store.events');
      const untouched = await getGeneration(target, other);
      expect((await getBytes(target, untouched.artifacts[0]?.content_url ?? '')).length).toBeGreaterThan(0);
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
}, 120_000);
