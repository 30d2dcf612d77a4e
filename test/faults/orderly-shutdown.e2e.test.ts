import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { getGeneration, isFinal, readLedger, setFaults, type Target } from './client.js';
import { type OwnProcess, serviceNames } from './own-process.js';
import { ServiceWorld } from './service-world.js';
import { until } from './until.js';

const drainSeconds = 3;
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.create();
});
afterAll(async () => {
  await world.dispose();
});

interface Told {
  readonly key: string;
  readonly askedAt: number;
  readonly status: number | string;
  readonly id: string | undefined;
}

/** On a connection of its own: a refusal is then of this request. */
function send(
  target: Target,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<{ answer: IncomingMessage; call: ClientRequest }> {
  return new Promise((resolve, reject) => {
    const call = httpRequest(new URL(path, target.intake), {
      agent: false,
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${target.demo_key}`, ...headers },
    });
    call.once('response', (answer) => resolve({ answer, call }));
    call.once('error', reject);
    call.end(body);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return text;
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);

async function create(target: Target, key: string, more: Record<string, string> = {}): Promise<Told> {
  const askedAt = performance.now();
  try {
    const { answer } = await send(
      target,
      '/v1/generations',
      { 'content-type': 'application/json', 'idempotency-key': key, ...more },
      JSON.stringify({ prompt: key, size: '128x128' }),
    );
    const text = await textOf(answer);
    const status = answer.statusCode ?? 0;
    const { data } = (status < 300 ? JSON.parse(text) : {}) as { data?: { id: string } };
    return { key, askedAt, status, id: data?.id };
  } catch (error) {
    return { key, askedAt, status: codeOf(error), id: undefined };
  }
}

/** Follows the tenant's feed to its end; says how it ended. */
class Follower {
  readonly ids: string[] = [];
  readonly ended: Promise<string>;
  constructor(target: Target, lastEventId: string) {
    this.ended = this.read(target, lastEventId).catch(codeOf);
  }

  private async read(target: Target, lastEventId: string): Promise<string> {
    const { answer } = await send(target, '/v1/events?after=', {
      accept: 'text/event-stream',
      ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
    });
    let text = '';
    for await (const chunk of answer) {
      text += String(chunk);
      const messages = text.split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const id = /^id: (.*)$/m.exec(message)?.[1];
        if (id !== undefined && /^data: /m.test(message)) this.ids.push(id);
      }
    }
    return 'whole';
  }
}

async function startAll(): Promise<Map<string, OwnProcess>> {
  const intake = await world.start('intake', { DRAIN_SECONDS: String(drainSeconds) });
  const processes = new Map<string, OwnProcess>([['intake', intake]]);
  for (const name of serviceNames)
    if (name !== 'intake')
      processes.set(
        name,
        await world.start(name, { PUBLIC_URL: intake.url, DRAIN_SECONDS: String(drainSeconds) }),
      );
  return processes;
}
const intakeOf = (processes: Map<string, OwnProcess>): OwnProcess => {
  const intake = processes.get('intake');
  if (!intake) throw new Error('no intake');
  return intake;
};

it('SIGTERM under load loses nothing that was acknowledged, answers what is in flight, hands leases back, and ends with 0', async () => {
  const first = await startAll();
  const target = world.target(intakeOf(first));
  await setFaults(target, {
    submit: { accept_delay_seconds: 0.6 },
    output: { slow: 0.3 },
    job: { seconds: [0.3, 2] },
    webhook: { send: 1 },
  });
  const early = new Follower(target, '');
  const told: Promise<Told>[] = [];
  const ended = new AbortController();
  const load = (async () => {
    for (let n = 0; !ended.signal.aborted; n += 1) {
      // Every tenth is held: its answer is due long after the signal.
      told.push(create(target, `order-${n}`, n % 10 === 0 ? { prefer: 'wait=60' } : {}));
      await delay(50);
    }
  })();
  await until('submits and ends', 30, async () =>
    (await readLedger(target)).length > 15 ? true : undefined,
  );

  const at = performance.now();
  const signals = (async () => {
    for (let again = 0; again < 5; again += 1) {
      for (const service of first.values()) if (service.isRunning) service.signal('SIGTERM');
      await delay(150);
    }
  })();
  await until('it says that it is not ready', 5, async () =>
    (await send(target, '/health/ready', {})).answer.statusCode === 503 ? true : undefined,
  );
  expect((await send(target, '/health/live', {})).answer.statusCode).toBe(200);
  await signals;
  for (const service of first.values())
    expect([service.service, await service.ended(30)]).toEqual([service.service, 0]);
  const took = performance.now() - at;
  ended.abort();
  await load;
  const answers = await Promise.all(told);
  expect(await early.ended).toBe('whole');

  // Served on while it is drained (judged by its first half: a busy machine may take its time to connect); refused after it, and nothing in between: no half answers.
  const drained = at + drainSeconds * 500;
  const inTime = answers.filter(({ askedAt }) => askedAt < drained);
  expect(inTime.filter(({ status }) => status !== 202 && status !== 200)).toEqual([]);
  expect(inTime.filter(({ askedAt }) => askedAt > at).length).toBeGreaterThan(5);
  const refused = answers.filter(({ id }) => id === undefined);
  expect(refused.filter(({ status }) => status !== 'ECONNREFUSED' && status !== 'ECONNRESET')).toEqual([]);
  expect((await create(target, 'too-late')).status).toBe('ECONNREFUSED');

  // Nothing is held by those that are gone: whoever comes next need not wait for a lease to run out.
  const held = await world.database.superuser`
    select 'gateway' as of, generation::text as what from gateway.jobs where holder is not null
    union all select 'artifact', generation::text from artifact.jobs where holder is not null
    union all select 'checkpoints', subscription from event_store.checkpoints where holder is not null`;
  expect([...held]).toEqual([]);

  await setFaults(target, {});
  const second = await startAll();
  const again = world.target(intakeOf(second));
  const resumed = new Follower(again, early.ids.at(-1) ?? '');
  const acknowledged = answers.flatMap(({ id }) => (id === undefined ? [] : [id]));
  for (const id of acknowledged) {
    const status = await until(`the end of ${id}`, 60, async () => {
      const seen = await getGeneration(again, id);
      return isFinal(seen) ? seen.status : undefined;
    });
    expect([id, status]).toEqual([id, 'succeeded']);
  }
  const charges = new Map<string, number>();
  for (const { prompt, charged_micros } of await readLedger(again))
    if (charged_micros > 0) charges.set(prompt ?? '', (charges.get(prompt ?? '') ?? 0) + 1);
  expect([...charges].filter(([, times]) => times !== 1)).toEqual([]);
  expect(charges.size).toBeGreaterThanOrEqual(acknowledged.length);

  // The stream that was cut goes on where it was: each event once, none left out.
  const whole = new Follower(again, '');
  const all = await until('the whole feed', 20, async () => {
    const seen = [...early.ids, ...resumed.ids];
    return whole.ids.length > 0 && whole.ids.length === seen.length ? seen : undefined;
  });
  expect(all).toEqual(whole.ids);
  for (const service of second.values()) service.signal('SIGTERM');
  for (const service of second.values()) expect(await service.ended(30)).toBe(0);
  process.stderr.write(
    `${acknowledged.length} acknowledged, ${refused.length} refused, all ended ${Math.round(took)} ms after the signal\n`,
  );
}, 480_000);

it('SIGTERM with a submit on its way waits for its answer, within the time-out, and leaves nothing to guess', async () => {
  const processes = await startAll();
  const target = world.target(intakeOf(processes));
  const gateway = processes.get('provider-gateway');
  if (!gateway) throw new Error('no gateway');
  await setFaults(target, { submit: { accept_delay_seconds: 3 }, job: { seconds: [0.1, 0.2] } });
  const { id = '' } = await create(target, 'under-way');
  // The vendor takes it after its delay: by the signal the request is on its way and no answer there.
  const events = async (): Promise<string[]> =>
    (
      await world.database.superuser<{ type: string }[]>`
      select e.type from event_store.events e join event_store.streams s on s.id = e.stream
      where s.idempotency_key = 'under-way' order by e.version`
    ).map(({ type }) => type);
  const submits = async () => (await readLedger(target)).filter(({ prompt }) => prompt === 'under-way');
  await until('the intent', 20, async () =>
    (await events()).includes('SubmissionStarted') ? true : undefined,
  );
  gateway.signal('SIGTERM');
  expect(await gateway.ended(15)).toBe(0);
  expect(await events()).toEqual(expect.arrayContaining(['SubmissionAccepted']));
  expect(await submits()).toHaveLength(1);
  await world.start('provider-gateway', { PUBLIC_URL: intakeOf(processes).url });
  expect(
    await until('its end', 30, async () => {
      const seen = await getGeneration(target, id);
      return isFinal(seen) ? seen.status : undefined;
    }),
  ).toBe('succeeded');
  expect(await submits()).toHaveLength(1);
});
