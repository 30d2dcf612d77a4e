import { setTimeout as delay } from 'node:timers/promises';
import { isSettled, type Resource, setFaults } from '../client.js';
import { fromPublicId } from '@darkroom/platform';
import type { Finding } from '../judge.js';
import { until } from '../until.js';
import { ChaosWorld, type WorldOptions } from './chaos-world.js';
import { Clients } from './clients.js';
import { endOf, faultPlan } from './fault-plan.js';
import { gather } from './gather.js';
import { judgeRun } from './judge-run.js';
import type { Evidence } from './evidence.js';
import { type Kill, type TakenUp, takenUp } from './taken-up.js';

export interface ChaosOptions extends WorldOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly everySeconds: number;
  /** What is killed and paused. Default: every process and, more seldom, every server. */
  readonly targets?: readonly string[];
  /** Links that are broken. Default: all. */
  readonly links?: readonly string[];
  /** What the vendor does meanwhile. */
  readonly vendor: Readonly<Record<string, unknown>>;
  /** How long after the last fault all must have ended. */
  readonly drainSeconds: number;
  /** Called for each line that is worth a look. */
  readonly say: (line: string) => void;
}

/** What a run was and what was found; no finding is a pass. */
export interface ChaosReport {
  readonly seed: number;
  readonly transport: string;
  readonly requests: number;
  readonly acknowledged: number;
  readonly reads: number;
  /** Cancellations that were answered as taken. */
  readonly cancels: number;
  readonly events: number;
  /** Webhooks that became events. */
  readonly webhooks: number;
  readonly submits: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  /** Why those failed that did: code, and what it is said to have cost. */
  readonly failed: readonly string[];
  /** Seconds after the last fault until all had ended; null: they had not in time. */
  readonly drainedAfter: number | null;
  /** What killed gateways had in hand. */
  readonly takenUp: Readonly<Record<'submits' | 'jobs', TakenUp>>;
  /** Lines of the sweep that found what the bus had not brought. */
  readonly sweptUp: readonly string[];
  readonly findings: readonly Finding[];
}

/** Runs everything under load while it is broken by plan; then lets it drain, and judges what there is. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, perSecond, everySeconds, say } = options;
  const world = await ChaosWorld.start(options);
  const clients = new Clients(() => world.target);
  let load: Promise<void> | undefined;
  try {
    await setFaults(world.target, { ...options.vendor, seed });
    load = clients.run({ seed, perSecond, seconds, label: `chaos-${seed}`, readers: 4 });
    const plan = faultPlan({
      seed,
      seconds,
      everySeconds,
      processes: options.targets ?? world.processes,
      servers: options.targets === undefined ? world.servers : [],
      shortPauses: ['simulator'],
      links: options.links ?? [...world.links.keys()],
    });
    const done: Record<string, number> = {};
    const kills: Kill[] = [];
    const began = performance.now();
    for (const fault of plan) {
      await delay(Math.max(0, began + fault.at * 1_000 - performance.now()));
      const name = fault.kind === 'link' ? `${fault.how} ${fault.link}` : `${fault.kind} ${fault.process}`;
      const at = Date.now();
      if (!(await world.apply(fault))) continue;
      done[name] = (done[name] ?? 0) + 1;
      if (fault.kind === 'kill') kills.push({ process: fault.process, at });
    }
    // Whatever it takes to recover from it counts: servers that start again, processes, the vendor.
    const lastFault = began + endOf(plan) * 1_000;
    await world.calm();
    // The last fault may have been the vendor's own end. Webhooks are none: they go on.
    const { webhook } = options.vendor;
    await until('a vendor without faults', 60, async () =>
      setFaults(world.target, webhook === undefined ? {} : { webhook }).then(
        () => true,
        () => undefined,
      ),
    );
    await load;
    const resources = await endsOf(clients, options.drainSeconds);
    const drainedAfter = resources.open === 0 ? (performance.now() - lastFault) / 1_000 : null;
    const evidence = await settled(world, clients, resources.seen);
    const findings = judgeRun(evidence);
    const statuses: Record<string, number> = {};
    for (const { status } of resources.seen.values()) statuses[status] = (statuses[status] ?? 0) + 1;
    const report: ChaosReport = {
      seed,
      transport: options.transport,
      requests: clients.requests.length,
      acknowledged: clients.acknowledged.length,
      reads: clients.reads,
      cancels: clients.cancels,
      events: evidence.events.length,
      webhooks: evidence.events.filter(({ type }) => type === 'ProviderNotified').length,
      submits: evidence.ledger.length,
      faults: done,
      statuses,
      failed: [...resources.seen.values()]
        .filter(({ status }) => status === 'failed')
        .map(({ error }) => `${error?.code ?? 'no reason'}, charge ${error?.charge ?? 'unknown'}`),
      drainedAfter,
      takenUp: takenUp(evidence.events, kills),
      sweptUp: world.logged('the sweep found events'),
      findings,
    };
    const { faults, sweptUp, ...figures } = report;
    say(JSON.stringify({ ...figures, sweptUp: sweptUp.length, findings: findings.length, faults }));
    for (const line of sweptUp) say(line);
    for (const line of failures(evidence)) say(line);
    for (const line of lastOnes(evidence)) say(line);
    for (const finding of findings.slice(0, 10)) say(finding);
    for (const line of waysOf(findings, evidence)) say(line);
    return report;
  } finally {
    clients.giveUp();
    await load?.catch(() => undefined);
    await world.stop();
  }
}

/** The way of a generation: what happened to it and when. */
const wayOf = ({ events }: Evidence, id: string): string =>
  events
    .filter(({ stream }) => stream === fromPublicId('gen', id))
    .map(({ type, recordedAt }) => `${recordedAt.toISOString()} ${type}`)
    .join(', ');

/** Those that ended as failed: why, and how they came there. */
const failures = (evidence: Evidence): string[] =>
  [...evidence.resources.values()]
    .filter(({ status }) => status === 'failed')
    .map(
      ({ id, model, error }) => `failed: ${id} (${model}) ${JSON.stringify(error)}: ${wayOf(evidence, id)}`,
    );

/** What happened to the generations that are named in findings: events with what they say, and the vendor's lines about them. */
function waysOf(findings: readonly Finding[], { events, ledger }: Evidence): string[] {
  const named = new Set(
    findings.flatMap((finding) => finding.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? []),
  );
  return [...named].slice(0, 5).flatMap((stream) => {
    const own = events.filter((event) => event.stream === stream);
    const references = new Set(
      own.flatMap((event) => ('reference' in event.data ? [event.data.reference] : [])),
    );
    return [
      ...own.map(
        ({ recordedAt, type, data }) =>
          `${recordedAt.toISOString()} ${type} ${JSON.stringify(data).slice(0, 600)}`,
      ),
      ...ledger
        .filter(({ reference }) => references.has(reference ?? ''))
        .map((line) => `ledger: ${JSON.stringify(line)}`),
    ].map((line) => `${stream}: ${line}`);
  });
}

/** What the end of the run was waited for. */
function lastOnes(evidence: Evidence): string[] {
  const changedAt = new Map(evidence.events.map(({ stream, recordedAt }) => [stream, recordedAt.getTime()]));
  const when = (id: string): number => changedAt.get(fromPublicId('gen', id) ?? '') ?? 0;
  return [...evidence.resources.values()]
    .toSorted((a, b) => when(b.id) - when(a.id))
    .slice(0, 3)
    .map(({ id, model, status }) => `among the last: ${id} (${model}) ${status}: ${wayOf(evidence, id)}`);
}

const looksAtOnce = 16;

/** What every acknowledged generation ended as, or is when the time is over. */
export async function endsOf(
  clients: Clients,
  drainSeconds: number,
): Promise<{ seen: Map<string, Resource>; open: number }> {
  const seen = new Map<string, Resource>();
  const open = new Set(clients.acknowledged);
  const end = performance.now() + drainSeconds * 1_000;
  const look = async (id: string): Promise<void> => {
    const resource = await clients.look(id).catch(() => undefined);
    if (resource === undefined) return;
    seen.set(id, resource);
    if (isSettled(resource)) open.delete(id);
  };
  for (;;) {
    const left = [...open];
    for (let n = 0; n < left.length && performance.now() < end; n += looksAtOnce) {
      const before = open.size;
      await Promise.all(left.slice(n, n + looksAtOnce).map(look));
      // Where much is open, looking must not take the machine from what ends it.
      if (open.size === before) await delay(200);
    }
    if (open.size === 0 || performance.now() > end) return { seen, open: open.size };
  }
}

/** Readers of the log are behind it by a moment; what they never get to is a finding. */
export async function settled(
  world: ChaosWorld,
  clients: Clients,
  resources: ReadonlyMap<string, Resource>,
): Promise<Evidence> {
  let evidence = await gather(world, clients, resources);
  // From the first on: gathering takes its time where there is much.
  const end = performance.now() + 20_000;
  const isBehind = (): boolean =>
    judgeRun(evidence).some((finding) => /^(?:topic|projection|feed):/.test(finding));
  while (isBehind() && performance.now() < end) evidence = await gather(world, clients, resources);
  return evidence;
}
