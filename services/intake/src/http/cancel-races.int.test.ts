import { fromPublicId } from '@darkroom/platform';
import { generationEnvelope } from '../openapi/response-schemas.js';
import { finish, startAttempt } from '../testing/gateway-events.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

let intake: TestIntake;
beforeAll(async () => {
  intake = await startTestIntake();
});
afterAll(() => intake.stop());

const cancel = async (id: string): Promise<string> => {
  const answer = await intake.call({ method: 'POST', path: `/v1/generations/${id}/cancel` });
  return answer.status === 202 ? 'asked' : `${answer.status} ${answer.json<{ code: string }>().code}`;
};
const statusOf = async (id: string): Promise<string> =>
  (await intake.call({ path: `/v1/generations/${id}` })).json(generationEnvelope).data.status;

async function typesOf(id: string): Promise<string[]> {
  const rows = await intake.database.superuser`
    select type from event_store.events where stream = ${fromPublicId('gen', id) ?? ''} order by version`;
  return rows.map((row) => String(row['type']));
}

/** A head start for the other, in questions to the database and not in time: it holds on a busy machine too. */
async function queries(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await intake.database.superuser`select 1`;
}

it('cancels what was never submitted at once; once it has ended nobody wins again', async () => {
  const id = await intake.create();
  expect(await cancel(id)).toBe('asked');
  const asked = await typesOf(id);
  expect(asked.filter((type) => type === 'CancellationRequested')).toHaveLength(1);
  // Again and again: either it is still under way, or it has ended.
  const again = await Promise.all(Array.from({ length: 10 }, () => cancel(id)));
  const expected = (await statusOf(id)) === 'canceled' ? '409 already_final' : 'asked';
  expect(new Set(again)).toEqual(new Set([expected]));
  expect(await typesOf(id)).toEqual(asked);
});

it('twenty that cancel at once: one event, one answer', async () => {
  const id = await intake.create();
  await startAttempt(intake.store, id);
  const answers = await Promise.all(Array.from({ length: 20 }, () => cancel(id)));
  expect(new Set(answers)).toEqual(new Set(['asked']));
  expect((await typesOf(id)).filter((type) => type === 'CancellationRequested')).toHaveLength(1);
});

it('cancel against complete: nothing follows the end, and who comes after it is told so', async () => {
  for (let round = 0; round < 20; round += 1) {
    const id = await intake.create();
    await startAttempt(intake.store, id);
    const midway = await finish(intake, id, 'produced');
    const [canceled] = await Promise.all([cancel(id), midway.complete()]);
    expect(['409 too_late', '409 already_final']).toContain(canceled);
    const types = await typesOf(id);
    expect(types).not.toContain('CancellationRequested');
    expect(types.at(-1)).toBe('GenerationCompleted');
  }
});

it('cancel against the news that pictures are there: one of the two is first, and both hold to it', async () => {
  const winners = new Set<string>();
  // On until each was first at least once, else this has shown nothing.
  for (let round = 0; round < 20 || (winners.size < 2 && round < 200); round += 1) {
    const id = await intake.create();
    await startAttempt(intake.store, id);
    const vendor = queries(round % 6)
      .then(async () => finish(intake, id, 'produced'))
      .then(
        () => 'produced',
        () => 'lost the race',
      );
    const [canceled, produced] = await Promise.all([cancel(id), vendor]);
    const types = await typesOf(id);
    if (canceled === 'asked') {
      expect(types.filter((type) => type === 'CancellationRequested')).toHaveLength(1);
      if (types.includes('OutputsProduced'))
        expect(types.indexOf('CancellationRequested')).toBeLessThan(types.indexOf('OutputsProduced'));
    } else {
      expect([canceled, produced]).toEqual(['409 too_late', 'produced']);
      expect(types).not.toContain('CancellationRequested');
    }
    winners.add(canceled);
  }
  expect(winners).toEqual(new Set(['asked', '409 too_late']));
});
