import 'reflect-metadata';
import { artifactDefaults } from '@darkroom/artifact';
import type { GenerationState } from '@darkroom/domain';
import { SmallWorld } from './small-world.js';

/** From the kill on, not from when somebody is there who could take over. */
const withinSeconds = 15;

/** As in production: renewed every third of it. */
const cases = [
  {
    service: 'provider-gateway',
    line: 6,
    leaseSeconds: 10,
    isTakenUp: ({ version }: GenerationState, before: number) => version > before,
  },
  {
    service: 'artifact',
    line: 13,
    leaseSeconds: artifactDefaults.leaseSeconds,
    isTakenUp: ({ outputs }: GenerationState) => outputs.some(({ status }) => status === 'stored'),
  },
] as const;

it.each(cases)(
  'work of a killed $service is taken up within fifteen seconds of the kill',
  async ({ service, line, leaseSeconds, isTakenUp }) => {
    await SmallWorld.with(async (here) => {
      if (service === 'artifact') await here.start('provider-gateway');
      const dying = await here.start(service, { line, signal: 'SIGKILL' }, undefined, leaseSeconds);
      const generation = await here.request('standard');
      await dying.reached(line);
      const killedAt = performance.now();
      const before = (await here.events(generation)).length;
      await here.start(service, undefined, undefined, leaseSeconds);
      const startedAt = performance.now();
      await here.when('taken up', generation, withinSeconds, (state) => isTakenUp(state, before));
      // How long a process takes to start is the machine's.
      const startSeconds = (startedAt - killedAt) / 1_000;
      const seconds = (performance.now() - killedAt) / 1_000;
      expect(seconds).toBeLessThan(Math.max(withinSeconds, startSeconds + 5));
    });
  },
);
