import { randomBytes } from 'node:crypto';
import { openDatabase } from '@darkroom/event-store';
import { fromPublicId } from '@darkroom/platform';
import { z } from 'zod';
import { getGeneration, isFinal, readLedger, setFaults } from '../faults/client.js';
import { DarkroomProcess } from '../faults/darkroom-process.js';
import { until } from '../faults/until.js';

const lineSchema = z.looseObject({
  level: z.string(),
  service: z.string(),
  trace_id: z.string().optional(),
  generation: z.string().optional(),
});

/** Words that nobody may find in a log again. */
const canary = (what: string): string => `canary${what}${randomBytes(8).toString('hex')}`;
const prompt = canary('prompt');
const metadata = canary('metadata');
const secrets = {
  DARKROOM_DEMO_KEY: `dk_test_${canary('demo')}`,
  DARKROOM_OPERATOR_KEY: `dk_ops_${canary('operator')}`,
  SIGNING_SECRET: canary('signing'),
  SIMULATOR_WEBHOOK_SECRET: `whsec_${Buffer.from(canary('webhook')).toString('base64')}`,
};
const darkroom = new DarkroomProcess({ LOG_LEVEL: 'trace', ...secrets });
afterAll(async () => {
  await darkroom.dispose();
});

it('says of every line about a generation which one and in which trace, and tells no prompt and no secret', async () => {
  const ready = await darkroom.start();
  await setFaults(ready, {
    submit: { drop_reply: 0.3, malformed: 0.3, status: { '503': 0.2 } },
    poll: { status: { '503': 0.3 }, not_found: 0.2 },
    output: { html: 0.3, truncate: 0.3, status: { '503': 0.3 } },
    webhook: { send: 1, forge: 0.5, duplicate: 0.5 },
    job: { seconds: [0.5, 1] },
  });
  const post = async (body: object, traceId: string): Promise<Response> =>
    fetch(`${ready.intake}/v1/generations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ready.demo_key}`,
        'content-type': 'application/json',
        'idempotency-key': traceId,
        traceparent: `00-${traceId}-${'b'.repeat(16)}-01`,
      },
      body: JSON.stringify({ prompt, size: '128x128', metadata: { order: metadata }, ...body }),
    });
  const traces = new Map<string, string>();
  for (let n = 0; n < 12; n += 1) {
    const traceId = randomBytes(16).toString('hex');
    const model = ['sim/standard', 'sim/keyed', 'sim/reject'][n % 3];
    const { data } = (await (await post({ model }, traceId)).json()) as { data: { id: string } };
    traces.set(data.id, traceId);
  }
  await post({ size: 'wrong' }, randomBytes(16).toString('hex'));
  // All connections end in the midst of it: what the database's driver says of that is logged too.
  const sql = openDatabase(ready.database_url, { max: 1 });
  await until('submits', 20, async () => ((await readLedger(ready)).length > 6 ? true : undefined));
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()`;
  await sql.end();
  await setFaults(ready, {});
  await until('all ended', 60, async () => {
    for (const id of traces.keys()) if (!isFinal(await getGeneration(ready, id))) return undefined;
    return true;
  });
  await darkroom.stop();

  for (const text of darkroom.logged)
    for (const word of [prompt, metadata, ...Object.values(secrets)])
      if (text.includes(word)) throw new Error(`a canary is in the log: ${text.slice(0, 2_000)}`);
  const services = new Set<string>();
  for (const [id, traceId] of traces) {
    const generation = fromPublicId('gen', id) ?? '';
    const about = darkroom.logged.filter((line) => line.includes(generation) || line.includes(id));
    for (const text of about) {
      const line = lineSchema.parse(JSON.parse(text));
      services.add(line.service);
      expect({ text, trace_id: line.trace_id, generation: line.generation }).toEqual({
        text,
        trace_id: traceId,
        generation,
      });
    }
  }
  expect([...services]).toEqual(expect.arrayContaining(['provider-gateway', 'artifact']));
});
