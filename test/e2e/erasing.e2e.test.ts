import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '@darkroom/event-store';
import { z } from 'zod';
import { getBytes, getGeneration, isFinal, setFaults, type Target, tryCreate } from '../faults/client.js';
import { DarkroomProcess } from '../faults/darkroom-process.js';
import { until } from '../faults/until.js';

let here: DarkroomProcess;
beforeAll(() => {
  here = new DarkroomProcess();
});
afterAll(async () => here.dispose());

/** Every table whose rows hold one of these words, whatever the column; bytes are shown as hex. */
async function tablesWith(sql: Database, words: readonly string[]): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`;
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await sql.unsafe<{ rows: number }[]>(
      `SELECT count(*)::int AS rows FROM ${name} t WHERE t::text LIKE ANY ($1::text[])`,
      [
        `{${words
          .flatMap((word) => [word, Buffer.from(word).toString('hex')])
          .map((word) => `"%${word}%"`)
          .join(',')}}`,
      ],
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

/** What the vendor called back with about a generation, as it is kept. */
const inboxOf = async (sql: Database, stream: string): Promise<string[]> => {
  const rows = await sql<{ body: Buffer }[]>`
    SELECT body FROM intake.webhook_inbox WHERE generation = ${stream} ORDER BY received_at`;
  return rows.map(({ body }) => body.toString('utf8'));
};

const personalSchema = z.object({
  promptSalt: z.string().optional(),
  links: z.array(z.object({ url: z.string(), stagingKey: z.string() })).optional(),
  evidence: z.object({ requestId: z.string(), stagingKey: z.string() }).optional(),
});

/** What else of a generation is to go, by kind: its links, what its evidence names, where answers and images were staged. */
async function personalWords(
  sql: Database,
  stream: string,
): Promise<{ salts: string[]; links: string[]; evidence: string[]; stagingKeys: string[] }> {
  const rows = await sql<{ personal: unknown }[]>`
    SELECT personal FROM event_store.events WHERE stream = ${stream} AND personal IS NOT NULL ORDER BY version`;
  const parts = rows.map(({ personal }) => personalSchema.parse(personal));
  const links = parts.flatMap((part) => part.links ?? []);
  const evidence = parts.flatMap((part) => part.evidence ?? []);
  const present = (words: readonly (string | undefined)[]): string[] =>
    words.filter((word): word is string => word !== undefined && word !== '');
  return {
    salts: present(parts.map(({ promptSalt }) => promptSalt)),
    links: present(links.map(({ url }) => url)),
    evidence: present(evidence.map(({ requestId }) => requestId)),
    stagingKeys: present([...links, ...evidence].map(({ stagingKey }) => stagingKey)),
  };
}

/** Words of a callback that stand in no other answer: the vendor's clock, and what opens its links to the image. */
const ownWordsOf = (body: string): string[] =>
  [...body.matchAll(/"created_at":"([^"]+)"|signature=([0-9a-f]+)/g)].map(
    ([, createdAt, signature]) => createdAt ?? signature ?? '',
  );

it('what was erased is in no table and in no object any more; what was not asked for stays', async () => {
  const target = await here.start();
  const sql = openDatabase(superuserUrl(target, here.dataDir), { max: 1 });
  const objects = join(here.dataDir, 'objects');
  // The early one comes while the submit is still under way, so that one is kept for certain: behind the end they tell nothing new.
  await setFaults(target, { webhook: { send: 1, early: 1 } });
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
      const personal = await personalWords(sql, stream);
      const callbacks = await inboxOf(sql, stream);
      const words = [secret, ...Object.values(personal).flat(), ...callbacks.flatMap(ownWordsOf)];
      const isLinked = model === 'sim/standard';
      expect(personal.salts).toHaveLength(1);
      expect(personal.links).toHaveLength(isLinked ? 1 : 0);
      expect(personal.evidence.length).toBeGreaterThanOrEqual(1);
      // Of the answer, and of the image that came with it.
      expect(personal.stagingKeys).toHaveLength(isLinked ? 1 : 2);
      expect(callbacks.length > 0).toBe(isLinked);
      for (const body of callbacks)
        expect([body.includes(secret), ownWordsOf(body)[0]]).toEqual([true, expect.any(String)]);
      // Each can be found as long as it is there.
      for (const word of words)
        expect([word, await tablesWith(sql, [word])]).toEqual([
          word,
          expect.arrayContaining(['event_store.events']),
        ]);
      expect(await tablesWith(sql, words)).toEqual(
        expect.arrayContaining([
          'event_store.events',
          'read_models.detail_v1',
          ...(isLinked ? ['intake.webhook_inbox'] : []),
        ]),
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
      // That the vendor called stays known.
      expect(await inboxOf(sql, stream)).toEqual(callbacks.map(() => ''));
      expect(await getGeneration(target, erased)).toMatchObject({ prompt: null, artifacts: [] });

      expect(await tablesWith(sql, [kept])).toEqual(
        expect.arrayContaining([
          'event_store.events',
          'read_models.detail_v1',
          ...(isLinked ? ['intake.webhook_inbox'] : []),
        ]),
      );
      const untouched = await getGeneration(target, other);
      expect((await getBytes(target, untouched.artifacts[0]?.content_url ?? '')).length).toBeGreaterThan(0);
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
});
