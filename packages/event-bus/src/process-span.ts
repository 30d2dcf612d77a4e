import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { BusMessage } from './message.js';

const wellFormed = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The context in which the message's event was written; undefined when none travelled with it. */
function creationContext(traceparent: string | undefined): Context | undefined {
  const [, traceId, spanId, flags] = wellFormed.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}

/** Runs a message's work in a short `process` span that is a child of the context in which its event was written. */
export async function inProcessSpan(
  group: string,
  message: BusMessage,
  run: () => Promise<void>,
): Promise<void> {
  const parent = creationContext(message.metadata.traceparent);
  if (!parent) return run();
  const attributes = {
    'messaging.system': 'darkroom',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': group,
    'messaging.message.id': message.id,
    'darkroom.generation.id': message.stream,
    'darkroom.stream.version': message.version,
  };
  const options = { kind: SpanKind.CONSUMER, attributes };
  return trace
    .getTracer('@darkroom/event-bus')
    .startActiveSpan(`process ${message.type}`, options, parent, async (span) => {
      try {
        await run();
      } catch (error) {
        span.setStatus({
          code: SpanStatusCode.ERROR,
          message: error instanceof Error ? error.name : 'error',
        });
        throw error;
      } finally {
        span.end();
      }
    });
}
