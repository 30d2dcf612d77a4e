import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { BusError } from '../errors.js';
import { type Place, placeKey } from './group-member.js';

/** Where a group goes on in a partition. */
export interface StartingPoint {
  readonly place: Place;
  /** Offset of the next record to take. */
  readonly from: bigint;
  /** Offset that its next record will have. */
  readonly end: bigint;
  /** What was noted lies outside of what the partition holds: its topic was made anew, or cut. All that is there is read again. */
  readonly outOfRange: boolean;
}

/** What a member asks of a cluster before it takes records. */
export interface GroupOffsets {
  readonly startingPoints: readonly StartingPoint[];
  /** Number of partitions of each topic. */
  readonly partitions: ReadonlyMap<string, number>;
}

/** Reads where a group goes on. @throws BusError `mixed_subscriptions` */
export async function readGroupOffsets(
  kafka: Kafka,
  group: string,
  topics: readonly string[],
  places: readonly Place[],
): Promise<GroupOffsets> {
  return withAdmin(kafka, async (admin) => {
    await checkMembers(admin, group, topics);
    const committed = new Map<string, bigint>();
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId: group, topics: [...topics] }))
      for (const { partition, offset } of partitions)
        committed.set(placeKey({ topic, partition }), BigInt(offset));
    const held = new Map<string, { readonly low: bigint; readonly high: bigint }>();
    const partitions = new Map<string, number>();
    for (const topic of topics) {
      const offsets = await admin.fetchTopicOffsets(topic);
      partitions.set(topic, offsets.length);
      for (const { partition, low, high } of offsets)
        held.set(placeKey({ topic, partition }), { low: BigInt(low), high: BigInt(high) });
    }
    const startingPoints = places.map((place): StartingPoint => {
      const { low, high } = held.get(placeKey(place)) ?? { low: 0n, high: 0n };
      const noted = committed.get(placeKey(place)) ?? -1n;
      const outOfRange = noted >= 0n && (noted < low || noted > high);
      return { place, from: noted < 0n || outOfRange ? low : noted, end: high, outOfRange };
    });
    return { startingPoints, partitions };
  });
}

/**
 * Makes sure that all members of a group read the same topics: with others among them the partitions of a topic would be given to who does not
 * read it.
 * @throws BusError `mixed_subscriptions`
 */
export async function assertSameSubscription(
  kafka: Kafka,
  group: string,
  topics: readonly string[],
): Promise<void> {
  await withAdmin(kafka, (admin) => checkMembers(admin, group, topics));
}

async function withAdmin<T>(kafka: Kafka, run: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await run(admin);
  } finally {
    await admin.disconnect();
  }
}

async function checkMembers(admin: Admin, group: string, topics: readonly string[]): Promise<void> {
  const { groups } = await admin.describeGroups([group]);
  for (const { clientId, memberMetadata } of groups.flatMap(({ members }) => members)) {
    // Empty while the group is between two generations.
    if (memberMetadata.length === 0) continue;
    const theirs = kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [];
    if (sorted(theirs) !== sorted(topics))
      throw new BusError(
        'mixed_subscriptions',
        `group ${group}: ${clientId} reads ${sorted(theirs)}, this member ${sorted(topics)}`,
      );
  }
}

const sorted = (topics: readonly string[]): string => [...topics].sort().join(', ');
