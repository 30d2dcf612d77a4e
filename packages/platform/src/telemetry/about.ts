import { AsyncLocalStorage } from 'node:async_hooks';
import { trace } from '@opentelemetry/api';
import { traceIdOf } from './traceparent.js';

/** What work is about: shows in its log lines, and is where its spans belong. */
export interface Subject {
  /** UUID of the generation. */
  readonly generation?: string | undefined;
  readonly traceparent?: string | null | undefined;
}

interface Known {
  generation?: string;
  traceparent?: string;
}

const subjects = new AsyncLocalStorage<Known>();

function known({ generation, traceparent }: Subject): Known {
  return {
    ...(generation === undefined ? {} : { generation }),
    ...(traceparent == null ? {} : { traceparent }),
  };
}

/** Runs work about something; what it does not say stays as it was outside. */
export function about<T>(subject: Subject, run: () => T): T {
  return subjects.run({ ...subjects.getStore(), ...known(subject) }, run);
}

/** Adds what became known in the course of the work. */
export function turnsOutToBeAbout(subject: Subject): void {
  const store = subjects.getStore();
  if (store) Object.assign(store, known(subject));
}

/** What the work that runs now is about. */
export function currentSubject(): Subject {
  return subjects.getStore() ?? {};
}

/** The same as fields of a log line; the trace also where nothing is exported. */
export function subjectFields(): Record<string, string> {
  const { generation, traceparent } = currentSubject();
  const span = trace.getActiveSpan()?.spanContext();
  const traceId = span?.traceId ?? traceIdOf(traceparent ?? '');
  return {
    ...(traceId === undefined ? {} : { trace_id: traceId }),
    ...(span === undefined ? {} : { span_id: span.spanId }),
    ...(generation === undefined ? {} : { generation }),
  };
}
