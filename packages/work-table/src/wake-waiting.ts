import type { Database } from '@darkroom/event-store';
import type { WaitingPlace } from './job.js';
import type { JobNames } from './names.js';

const beforeAll: WaitingPlace = { since: '-infinity', generation: '00000000-0000-0000-0000-000000000000' };

/** Makes rows due that wait for an account and may go elsewhere. @returns the place of the last one; null: there are no more */
export async function wakeWaiting(
  sql: Database,
  names: JobNames,
  account: string,
  after: WaitingPlace | null,
  most: number,
): Promise<WaitingPlace | null> {
  const { since, generation } = after ?? beforeAll;
  const [last] = await sql<WaitingPlace[]>`
    SELECT since::text, generation
    FROM ${sql(names.wakeWaiting)}(${account}, ${since}::text::timestamptz, ${generation}::uuid, ${most}::integer)`;
  return last ?? null;
}
