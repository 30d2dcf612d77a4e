import { setTimeout as delay } from 'node:timers/promises';
import { isSettled, type Resource, setFaults } from '../client.js';
import type { Finding } from '../judge.js';
import { until } from '../until.js';
import { ChaosWorld, type WorldOptions } from './chaos-world.js';
import { Clients } from './clients.js';
import { faultPlan } from './fault-plan.js';
import { gather } from './gather.js';
import { judgeRun } from './judge-run.js';

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
  readonly submits: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  /** Seconds after the last fault until all had ended; null: they had not in time. */
  readonly drainedAfter: number | null;
  /** Lines of the sweep that found what the bus had not brought. */
  readonly sweptUp: readonly string[];
  readonly findings: readonly Finding[];
}

/** Runs everything under load while it is broken by plan; then lets it drain, and judges what there is. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, perSecond, everySeconds, say } = options;
  const world = await ChaosWorld.start(options);
  try {
    await setFaults(world.target, { ...options.vendor, seed });
    const clients = new Clients(() => world.target);
    const load = clients.run({ seed, perSecond, seconds, label: `chaos-${seed}`, readers: 4 });
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
    const began = performance.now();
    for (const fault of plan) {
      await delay(Math.max(0, began + fault.at * 1_000 - performance.now()));
      const name = fault.kind === 'link' ? `${fault.how} ${fault.link}` : `${fault.kind} ${fault.process}`;
      if (await world.apply(fault)) done[name] = (done[name] ?? 0) + 1;
    }
    await world.calm();
    await setFaults(world.target, {});
    const lastFault = performance.now();
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
      submits: evidence.ledger.length,
      faults: done,
      statuses,
      drainedAfter,
      sweptUp: world.logged('the sweep found events'),
      findings,
    };
    const { faults, sweptUp, ...figures } = report;
    say(JSON.stringify({ ...figures, sweptUp: sweptUp.length, findings: findings.length, faults }));
    for (const line of sweptUp) say(line);
    for (const finding of findings.slice(0, 10)) say(finding);
    return report;
  } finally {
    await world.stop();
  }
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
    for (let n = 0; n < left.length && performance.now() < end; n += looksAtOnce)
      await Promise.all(left.slice(n, n + looksAtOnce).map(look));
    if (open.size === 0 || performance.now() > end) return { seen, open: open.size };
    await delay(200);
  }
}

/** Readers of the log are behind it by a moment; what they never get to is a finding. */
export async function settled(
  world: ChaosWorld,
  clients: Clients,
  resources: ReadonlyMap<string, Resource>,
): ReturnType<typeof gather> {
  let end: number | undefined;
  return until('the evidence', 120, async () => {
    const evidence = await gather(world, clients, resources);
    // From the first on: gathering takes its time where there is much.
    end ??= performance.now() + 20_000;
    const isBehind =
      judgeRun(evidence).some((finding) => /^(?:topic|projection|feed):/.test(finding)) &&
      performance.now() < end;
    return isBehind ? undefined : evidence;
  });
}
