import { serviceNames, type OwnProcess } from '../faults/own-process.js';
import { ServiceWorld } from '../faults/service-world.js';
import { until } from '../faults/until.js';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.create();
});
afterAll(async () => {
  await world.dispose();
});

const status = async (service: OwnProcess, path: string): Promise<number> =>
  (await fetch(`${service.url}/health/${path}`)).status;

it.each(serviceNames)(
  '%s is alive whatever happens around it, and ready where the database answers',
  async (name) => {
    const service = await world.start(name);
    expect(await status(service, 'live')).toBe(200);
    await until('ready', 10, async () => ((await status(service, 'ready')) === 200 ? true : undefined));
    world.link.cut();
    expect(await status(service, 'ready')).toBe(503);
    const asked = performance.now();
    expect(await status(service, 'live')).toBe(200);
    expect(performance.now() - asked).toBeLessThan(1_800);
    world.link.join();
    await until('ready again', 15, async () => ((await status(service, 'ready')) === 200 ? true : undefined));
    // A database that takes what it is asked and never answers is away as well.
    world.link.hold();
    expect(await status(service, 'ready')).toBe(503);
    expect(await status(service, 'live')).toBe(200);
    world.link.join();
    await until('ready once more', 15, async () =>
      (await status(service, 'ready')) === 200 ? true : undefined,
    );
    service.signal('SIGTERM');
    expect(await service.ended(20)).toBe(0);
  },
);
