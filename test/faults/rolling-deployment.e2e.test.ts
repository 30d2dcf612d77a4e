import { setTimeout as delay } from 'node:timers/promises';
import { OtlpReceiver } from '@darkroom/platform/testing';
import { z } from 'zod';
import { readLedger, setFaults, type Target } from './client.js';
import { type OwnProcess, type ServiceName, serviceNames } from './own-process.js';
import { operatorKey, ServiceWorld } from './service-world.js';
import { type Caller, caller, ended, heardToTheEnd, post, steps, traceOf } from './trace.js';
import { until } from './until.js';

const acknowledgement = z.object({ data: z.object({ id: z.string() }) });
const services: readonly ServiceName[] = [...serviceNames.filter((name) => name !== 'intake'), 'relay'];
/** Ten seconds are the bound of an order to end on a machine of its own; this one has other tests besides. How long each took is printed. */
const endsWithinSeconds = 30;

let collector: OtlpReceiver;
let world: ServiceWorld;
const enough = new AbortController();
beforeAll(async () => {
  collector = await OtlpReceiver.start();
  world = await ServiceWorld.create('kafka');
});
afterAll(async () => {
  enough.abort();
  await world.dispose();
  await collector.stop();
});

interface Answer {
  readonly status: number | string;
  /** What a refusal said. */
  readonly refusal?: string;
}
interface Asked extends Answer {
  readonly by: Caller;
  readonly prompt: string;
  readonly id: string | undefined;
}

const wasTaken = (asked: Asked): asked is Asked & { readonly id: string } => asked.id !== undefined;
const isRefused = ({ status }: Answer): boolean => status !== 202 && status !== 200;
const traced = z.object({ trace_id: z.string() });

/** A refusal with what its service logged of it; of one that was to end by then, that alone. */
function explained(answer: Answer, processes: readonly OwnProcess[]): Answer & { readonly logged: string } {
  if (answer.status !== 503) return { ...answer, logged: '' };
  const { trace_id: id } = traced.parse(JSON.parse(answer.refusal ?? ''));
  const logged = processes.flatMap(({ printed }) => {
    const [whileServing = '', ...ending] = printed.split('"msg":"stopping"');
    const wasEnding = ending.join('').includes(id);
    return [
      ...whileServing.split('\n').filter((line) => line.includes(id)),
      ...(wasEnding ? ['it was stopped by then'] : []),
    ];
  });
  return { ...answer, logged: logged.join('\n') };
}

/**
 * A machine too busy to serve the database in time has services say so, for a while. One that ends before its requests do has closed
 * its store, or its connections.
 */
const isOfTheMachine = ({ status, logged }: ReturnType<typeof explained>): boolean =>
  status === 503 &&
  /database|CONNECT_TIMEOUT/.test(logged) &&
  !/stopped|CONNECTION_(ENDED|DESTROYED)/.test(logged);

async function untilTaken(target: Target, { by, prompt }: Asked): Promise<string> {
  return until(`${prompt} is taken`, 15, async () => {
    const answer = await post(target, by, { prompt });
    const text = await answer.text();
    return answer.ok ? acknowledgement.parse(JSON.parse(text)).data.id : undefined;
  });
}

it('on Kafka each service is replaced under load, as a deployment does: none that is replaced refuses or drops a request, each is paid once, no span is lost', async () => {
  const telemetry = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, DRAIN_SECONDS: '1' };
  const startIntake = async (): Promise<OwnProcess> => world.start('intake', telemetry);
  let intake = await startIntake();
  const startOther = async (name: ServiceName): Promise<OwnProcess> =>
    world.start(name, { ...telemetry, PUBLIC_URL: intake.url });
  const others = new Map<ServiceName, OwnProcess>();
  for (const name of services) others.set(name, await startOther(name));
  await setFaults(world.target(intake), {
    submit: { accept_delay_seconds: 0.3 },
    output: { slow: 0.2 },
    job: { seconds: [0.3, 2] },
  });

  const asked: Promise<Asked>[] = [];
  const ask = async (n: number): Promise<Asked> => {
    const by = caller();
    const prompt = `rolling ${n}`;
    // Every tenth is held: its answer is due long after the order to end.
    const headers: Record<string, string> = n % 10 === 0 ? { prefer: 'wait=60' } : {};
    try {
      const answer = await post(world.target(intake), by, { prompt }, headers);
      const { status } = answer;
      if (!answer.ok) return { by, prompt, status, id: undefined, refusal: await answer.text() };
      return { by, prompt, status, id: acknowledgement.parse(await answer.json()).data.id };
    } catch (error) {
      const status = String(error instanceof Error ? error.cause : error);
      return { by, prompt, status, id: undefined };
    }
  };
  const looked: Promise<Answer>[] = [];
  const look = async (): Promise<Answer> => {
    const headers = { authorization: `Bearer ${operatorKey}` };
    try {
      const answer = await fetch(`${others.get('control-plane')?.url}/ops/v1/generations`, { headers });
      return { status: answer.status, refusal: await answer.text() };
    } catch (error) {
      return { status: String(error instanceof Error ? error.cause : error) };
    }
  };
  const load = (async () => {
    for (let n = 0; !enough.signal.aborted; n += 1) {
      asked.push(ask(n));
      looked.push(look());
      await delay(250);
    }
  })();

  const replaced: string[] = [];
  const replacedProcesses: OwnProcess[] = [];
  const endInOrder = async (old: OwnProcess): Promise<void> => {
    replacedProcesses.push(old);
    const at = performance.now();
    old.signal('SIGTERM');
    expect([old.service, await old.ended(endsWithinSeconds)]).toEqual([old.service, 0]);
    replaced.push(`${old.service} ${Math.round(performance.now() - at)} ms`);
  };
  for (const name of services) {
    const next = await startOther(name);
    const old = others.get(name);
    others.set(name, next);
    if (old) await endInOrder(old);
  }
  const oldIntake = intake;
  // From here on whoever shares out the requests gives it no more.
  intake = await startIntake();
  await endInOrder(oldIntake);
  enough.abort();
  await load;

  const answers = await Promise.all(asked);
  const all = [...answers, ...(await Promise.all(looked))];
  const processes = [...replacedProcesses, ...others.values(), intake];
  const refused = all.filter(isRefused).map((answer) => explained(answer, processes));
  expect(refused.filter((answer) => !isOfTheMachine(answer))).toEqual([]);
  expect(refused.length).toBeLessThan(4);
  // Whoever is refused for a while asks again with the same key.
  const target = world.target(intake);
  const again = answers.map(async (one) =>
    wasTaken(one) ? one : { ...one, id: await untilTaken(target, one) },
  );
  const taken = await Promise.all(again);
  expect(taken.length).toBeGreaterThan(30);
  for (const { id } of taken) expect([id, await ended(target, id)]).toEqual([id, 'succeeded']);
  const charged = (await readLedger(target)).filter(({ charged_micros }) => charged_micros > 0);
  const paid = charged.map(({ prompt }) => prompt ?? '');
  expect(paid.toSorted()).toEqual(taken.map(({ prompt }) => prompt).toSorted());

  for (const { by } of taken) await heardToTheEnd(collector, by);
  for (const one of [...others.values(), intake]) await endInOrder(one);
  for (const { by, id } of taken) {
    const names = traceOf(collector, by, id).map(({ name }) => name);
    const sent = ['publish GenerationRequested', 'publish GenerationCompleted'];
    expect(names).toEqual(expect.arrayContaining([...steps, ...sent]));
  }
  process.stderr.write(
    `${taken.length} requests, ${refused.length} refusals by a busy machine; ended after SIGTERM: ${replaced.join(', ')}\n`,
  );
}, 600_000);
