import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, startDebianPostgres } from '@darkroom/event-store/testing';
import { bringUpToDate } from './database.js';

const golden = new URL('../../../docs/reference/schema.sql', import.meta.url);

/** What differs from one release of the tools to the next, and from one dump to the next, is not the schema. */
const schemaOf = (text: string): string =>
  text
    .replaceAll(/^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*)\n/gm, '')
    .replaceAll(/\n{2,}/g, '\n\n')
    .trimStart();

it('the schema that the migrations make is the one in docs/reference/schema.sql', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-schema-'));
  const postgres = await startDebianPostgres();
  try {
    const { url, apiUrl, ownerUrl } = postgres;
    await bringUpToDate({ url, apiUrl, ownerUrl, postgres }, () => undefined);
    const superuser = Object.assign(new URL(postgres.superuserUrl), { pathname: '/darkroom' }).href;
    await dump(superuser, join(folder, 'schema.sql'), '--schema-only');
    const schema = schemaOf(readFileSync(join(folder, 'schema.sql'), 'utf8'));
    // Written anew on purpose alone: the change then shows in review.
    if (process.env['DARKROOM_WRITE_GOLDEN'] === '1') writeFileSync(golden, schema);
    expect(readFileSync(golden, 'utf8')).toBe(schema);
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true });
  }
});
