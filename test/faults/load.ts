import { setTimeout as delay } from 'node:timers/promises';
import { tryCreate, type Target } from './client.js';
import { until } from './until.js';

export const simulatorModels = [
  'sim/standard',
  'sim/keyed',
  'sim/reject',
  'sim/blind',
  'sim/inline',
] as const;
export type SimulatorModel = (typeof simulatorModels)[number];

/** What the client asked for and what it was told: the checker's own history. */
export interface Invocation {
  readonly key: string;
  readonly model: SimulatorModel;
  readonly prompt: string;
  /** The acknowledged generation; undefined while there is no acknowledgement. */
  id?: string;
}

/**
 * Creates at a steady rate, each with a key of its own, and repeats each until it is acknowledged, as a client with an
 * idempotency key does.
 * @param target asked anew for every try: a restarted Darkroom may be elsewhere
 */
export async function createSteadily(
  target: () => Target,
  plan: { perSecond: number; seconds: number; label: string },
): Promise<Invocation[]> {
  const history: Invocation[] = [];
  const running: Promise<void>[] = [];
  const total = plan.perSecond * plan.seconds;
  const started = performance.now();
  for (let n = 0; n < total; n += 1) {
    const model = simulatorModels[n % simulatorModels.length] ?? 'sim/standard';
    const invocation: Invocation = { key: `${plan.label}-${n}`, model, prompt: `${plan.label} picture ${n}` };
    history.push(invocation);
    running.push(acknowledge(target, invocation));
    const due = started + ((n + 1) * 1000) / plan.perSecond;
    await delay(Math.max(0, due - performance.now()));
  }
  await Promise.all(running);
  return history;
}

async function acknowledge(target: () => Target, invocation: Invocation): Promise<void> {
  invocation.id = await until(`acknowledgement of ${invocation.key}`, 90, async () =>
    tryCreate(target(), invocation.key, {
      prompt: invocation.prompt,
      model: invocation.model,
      size: '256x256',
    }),
  );
}
