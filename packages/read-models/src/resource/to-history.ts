import { tenantView } from '@darkroom/contract';
import type { RecordedEvent } from '@darkroom/event-store';
import { toPublicId } from '@darkroom/platform';
import { z } from 'zod';
import type { FeedEvent } from '../feed/feed-event.js';
import type { HistoryEvent } from './generation-resource.js';

const json = z.record(z.string(), z.json());

/** The run that an event belongs to; a request starts the first. */
function runOf(data: Readonly<Record<string, unknown>>): number {
  return typeof data['run'] === 'number' ? data['run'] : 1;
}

/** An event's name to the outside: its place in its generation, which is unique and never changes. */
function eventName(generation: string, version: number): string {
  return `${toPublicId('gen', generation)}.${version}`;
}

/** A generation's history as its tenant may see it: allow-listed events with allow-listed fields. */
export function toHistory(events: readonly RecordedEvent[]): HistoryEvent[] {
  return events.flatMap((event) => {
    const data = tenantView(event.type, json.parse(event.data));
    if (data === null) return [];
    return [
      {
        id: eventName(event.stream, event.version),
        type: event.type,
        version: event.version,
        run: runOf(data),
        time: event.recordedAt.toISOString(),
        data,
      },
    ];
  });
}

/** The same shape for an event of the tenant's feed, with the generation that it belongs to. */
export function feedEventToHistory(event: FeedEvent): HistoryEvent & { readonly generation: string } {
  return {
    id: eventName(event.generation, event.version),
    type: event.type,
    generation: toPublicId('gen', event.generation),
    version: event.version,
    run: runOf(event.data),
    time: event.recordedAt.toISOString(),
    data: event.data,
  };
}
