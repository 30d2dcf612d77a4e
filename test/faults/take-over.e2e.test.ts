import 'reflect-metadata';
import { SmallWorld } from './small-world.js';

/** As in production: a lease of ten seconds, renewed every third of it. */
const leaseSeconds = 10;

it('work of a gateway that was killed is taken up within fifteen seconds', async () => {
  await SmallWorld.with(async (here) => {
    const dying = await here.start(
      'provider-gateway',
      { line: 6, signal: 'SIGKILL' },
      undefined,
      leaseSeconds,
    );
    const generation = await here.request('standard');
    await dying.reached(6);
    const before = (await here.events(generation)).length;
    await here.start('provider-gateway', undefined, undefined, leaseSeconds);
    await here.when('taken up', generation, 15, ({ version }) => version > before);
  });
}, 60_000);
