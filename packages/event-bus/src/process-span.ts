import { AsyncLocalStorage } from 'node:async_hooks';
import { about, inSpan, recordSpan, spanAttributes, spanNames, untracedEvents } from '@darkroom/platform';
import type { BusMessage } from './message.js';

/** The look at the log that brought a message. */
export type Poll = ReturnType<typeof recordSpan>;

const polls = new AsyncLocalStorage<Poll>();
const system = { [spanAttributes.messagingSystem]: 'darkroom' };

/** Notes a look at the log that found messages, in a trace of its own: it is of many generations. */
export function recordPoll(group: string, from: number, found: number): Poll {
  return recordSpan(
    spanNames.poll(group),
    { from, to: Date.now() },
    {
      traceparent: null,
      kind: 'consumer',
      attributes: {
        ...system,
        [spanAttributes.messagingOperation]: 'receive',
        [spanAttributes.messagingGroup]: group,
        [spanAttributes.messagingBatch]: found,
      },
    },
  );
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
        ...system,
        [spanAttributes.messagingOperation]: 'process',
        [spanAttributes.messagingGroup]: group,
        [spanAttributes.messageId]: message.id,
        [spanAttributes.generation]: message.stream,
        [spanAttributes.streamVersion]: message.version,
      },
      links: poll === undefined ? [] : [poll],
    },
    run,
  );
}
