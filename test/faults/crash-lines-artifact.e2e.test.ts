import 'reflect-metadata';
import { charges } from './endings.js';
import { SmallWorld } from './small-world.js';

/** Lines 13 and 14 of the crash table. */
describe('an artifact service killed', () => {
  it.concurrent.each([
    { line: 13, faults: {}, when: 'after the object was put' },
    { line: 14, faults: { output: { expired: 1 } }, when: 'after a link was found dead' },
  ])('$when (line $line): the next one goes on, one event for each image', async ({ line, faults }) =>
    SmallWorld.with(async (here) => {
      await here.faults(faults);
      await here.start('provider-gateway');
      const a = await here.start('artifact', { line, signal: 'SIGKILL' });
      const generation = await here.request('standard');
      await a.reached(line);
      await here.faults({});
      await here.start('artifact');
      const state = await here.when('succeeded', generation, 60, ({ phase }) => phase === 'succeeded');
      expect(state.outputs.map(({ status }) => status)).toEqual(['stored']);
      const stored = (await here.events(generation)).filter(({ type }) => type === 'ArtifactStored');
      expect(stored).toHaveLength(1);
      expect(charges(await here.ledger())).toBe(1);
    }),
  );
});
