import { guardForward } from '../guard.js';
import { listParked } from '../parked-streams.js';
import { replayParked } from '../replay-parked.js';
import { busConformance, type BusHarness } from '../testing/index.js';
import { traceparent } from '../testing/sample-bus.js';
import { KafkaWorld } from './testing/kafka-world.js';

describe('bus on Kafka', () => {
  let world: KafkaWorld;

  beforeAll(async () => {
    // One log for all, as the cases take it: of several partitions a second member would have its share.
    world = await KafkaWorld.start({ partitions: 1 });
  });
  afterEach(() => world.closeMembers());
  afterAll(() => world.stop());

  const harness: BusHarness = {
    traceparent,
    consume: (request) => world.consume(request),
    append: (stream, type) => world.append(stream, type),
    parked: (group) => listParked(world.database.sql, { consumer: group, limit: 100 }),
    rewind: async (group) => {
      await world.admin.setOffsets({
        groupId: group,
        topic: 'generation.events',
        partitions: [{ partition: 0, offset: '0' }],
      });
    },
    guard: (group, stream, version) =>
      world.database.sql.begin((tx) => guardForward(tx, group, stream, version)),
    replay: async (group) =>
      (await world.database.sql.begin((tx) => replayParked(tx, { consumer: group }, 100))).streams.length,
  };

  for (const { name, run } of busConformance) it(name, () => run(harness));
});
