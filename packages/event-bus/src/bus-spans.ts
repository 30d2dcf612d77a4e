import { AsyncLocalStorage } from 'node:async_hooks';
import { topicOf } from '@darkroom/contract/topics';
import { about, inSpan, recordSpan, spanAttributes, spanNames, untracedEvents } from '@darkroom/platform';
import type { BusMessage } from './message.js';

/** What carries messages, as OpenTelemetry names it; the log of the event store is a name of our own. */
export type MessagingSystem = 'darkroom' | 'kafka';

/** The look at the log, or the fetch from a broker, that brought a message. */
export interface Poll {
  readonly span: ReturnType<typeof recordSpan>;
  readonly system: MessagingSystem;
}

const polls = new AsyncLocalStorage<Poll>();

/** Notes a look at the log that found messages, in a trace of its own: it is of many generations. */
export function recordPoll(system: MessagingSystem, group: string, from: number, found: number): Poll {
  const span = recordSpan(
    spanNames.poll(group),
    { from, to: Date.now() },
    {
      traceparent: null,
      kind: 'consumer',
      attributes: {
        [spanAttributes.messagingSystem]: system,
        [spanAttributes.messagingOperation]: 'receive',
        [spanAttributes.messagingGroup]: group,
        [spanAttributes.messagingBatch]: found,
      },
    },
  );
  return { span, system };
}

/**
 * Notes of each message that it was published, from the beginning of its send to the acknowledgement: a sibling of its `process` spans, below the
 * context in which its event was written.
 */
export function recordPublished(messages: readonly BusMessage[], from: number): void {
  const to = Date.now();
  for (const message of messages) {
    const { traceparent } = message.metadata;
    if (traceparent === undefined || untracedEvents.has(message.type)) continue;
    recordSpan(
      spanNames.publish(message.type),
      { from, to },
      {
        traceparent,
        kind: 'producer',
        attributes: {
          [spanAttributes.messagingSystem]: 'kafka',
          [spanAttributes.messagingOperation]: 'send',
          [spanAttributes.messagingDestination]: topicOf(message.type).name,
          [spanAttributes.messageId]: message.id,
          [spanAttributes.generation]: message.stream,
          [spanAttributes.streamVersion]: message.version,
        },
      },
    );
  }
}

/** Runs the delivery of a message that a poll brought: what is logged there is about its generation and its trace. */
export async function aboutMessage(
  { stream, metadata }: BusMessage,
  poll: Poll,
  deliver: () => Promise<void>,
): Promise<void> {
  const subject = { generation: stream, traceparent: metadata.traceparent };
  return polls.run(poll, () => about(subject, deliver));
}

/** Runs a message's work in a short `process` span that is a child of the context in which its event was written. */
export async function inProcessSpan(
  group: string,
  message: BusMessage,
  run: () => Promise<void>,
): Promise<void> {
  const { traceparent } = message.metadata;
  if (traceparent === undefined || untracedEvents.has(message.type)) return run();
  const poll = polls.getStore();
  return inSpan(
    spanNames.process(message.type),
    {
      traceparent,
      kind: 'consumer',
      attributes: {
        [spanAttributes.messagingSystem]: poll?.system ?? 'darkroom',
        [spanAttributes.messagingOperation]: 'process',
        [spanAttributes.messagingGroup]: group,
        [spanAttributes.messageId]: message.id,
        [spanAttributes.generation]: message.stream,
        [spanAttributes.streamVersion]: message.version,
      },
      links: poll === undefined ? [] : [poll.span],
    },
    run,
  );
}
