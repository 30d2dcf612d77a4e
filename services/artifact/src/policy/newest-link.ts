import type { OutputSource } from '../download/open-source.js';
import type { GenerationRecord } from '../use-cases/load-generation.js';

export interface NewestLink {
  readonly source: OutputSource;
  /** The event that brought it. */
  readonly eventId: string;
  /** When that was, in milliseconds since the epoch. */
  readonly givenAt: number;
}

interface Link {
  readonly url: string;
  readonly stagingKey: string;
}

function linkIn(event: GenerationRecord, attempt: number, index: number): Link | undefined | 'none' {
  if (event.type === 'OutputsRefreshed' && event.data.attempt === attempt && event.data.index === index)
    return event.data.link ?? 'none';
  if (event.type === 'OutputsProduced' && event.data.attempt === attempt)
    return event.data.links.find((link) => link.index === index) ?? 'none';
  return undefined;
}

/** Where an output's bytes are, by the newest event that says so; undefined: nowhere. */
export function newestLink(
  events: readonly GenerationRecord[],
  { attempt, index, account }: { readonly attempt: number; readonly index: number; readonly account: string },
): NewestLink | undefined {
  for (const event of events.toReversed()) {
    const link = linkIn(event, attempt, index);
    if (link === undefined) continue;
    if (link === 'none') return undefined;
    const from = { eventId: event.id, givenAt: event.recordedAt.getTime() };
    if (link.stagingKey !== '') return { source: { kind: 'staged', key: link.stagingKey }, ...from };
    if (link.url === '') return undefined;
    return { source: { kind: 'link', url: link.url, account }, ...from };
  }
  return undefined;
}
