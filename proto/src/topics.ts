import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { eventSchemas, type EventType } from './event-shape.js';

const topic = z.strictObject({
  name: z.string().regex(/^[a-z][a-z.-]*$/),
  key: z.string(),
  value: z.string(),
  messages: z.string(),
  partitions: z.int().positive(),
  retention_ms: z.int().min(-1),
  cleanup_policy: z.enum(['delete', 'compact']),
  max_message_bytes: z.int().positive(),
  owner: z.string(),
});
const catalog = z.strictObject({ topics: z.array(topic).min(1) });

/** A published topic as `topics.yaml` has it. */
export interface Topic {
  readonly name: string;
  /** Package of the messages that it carries. */
  readonly messages: string;
  readonly partitions: number;
  /** Milliseconds; -1: kept for ever. */
  readonly retentionMs: number;
  readonly cleanupPolicy: 'delete' | 'compact';
  readonly maxMessageBytes: number;
}

let known: readonly Topic[] | undefined;

/** The topics of the contract. Read from the package's own file, once. */
export function topics(): readonly Topic[] {
  known ??= catalog
    .parse(parse(readFileSync(new URL('../topics.yaml', import.meta.url), 'utf8')))
    .topics.map((listed) => ({
      name: listed.name,
      messages: listed.messages,
      partitions: listed.partitions,
      retentionMs: listed.retention_ms,
      cleanupPolicy: listed.cleanup_policy,
      maxMessageBytes: listed.max_message_bytes,
    }));
  return known;
}

/**
 * The topic that carries events of this type.
 * @throws RangeError where none does: a mistake of the contract, which a test finds
 */
export function topicOf(type: EventType): Topic {
  const { typeName } = eventSchemas[type];
  const found = topics().find(({ messages }) => typeName.startsWith(`${messages}.`));
  if (found === undefined) throw new RangeError(`no topic carries ${typeName}`);
  return found;
}
