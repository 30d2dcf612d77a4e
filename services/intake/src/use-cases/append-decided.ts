import { type Command, decide, type GenerationState, type RefusalReason } from '@darkroom/domain';
import type { EventStore, NewEvent, RowWrite } from '@darkroom/event-store';
import { foldDetail } from '@darkroom/read-models';

/** What appending needs. */
export interface AppendPorts {
  readonly store: Pick<EventStore, 'append' | 'readStream'>;
  newEventId(): string;
}

export interface DecidedAppend {
  readonly stream: string;
  /** Whose it must be. */
  readonly tenant: string;
  /** `client:<key id>` or `service:intake`. */
  readonly actor: string;
  /** Absent: the context in which the generation was asked for. */
  readonly traceparent?: string;
  readonly command: Command;
  /** A row of intake's own that moves with the events. */
  readonly with?: RowWrite;
  /** Called once, as soon as there are events: what they name must be there before they are. */
  readonly prepare?: () => Promise<unknown>;
}

export type AppendedOrNot =
  | { readonly outcome: 'appended'; readonly state: GenerationState }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly state: GenerationState }
  /** The row of our own was there already. */
  | { readonly outcome: 'fenced' }
  | { readonly outcome: 'no-such-generation' };

/** Each lost race means that somebody else moved on; so many in a row mean that something is wrong. */
const mostRaces = 50;

/** Load, decide, append with the exact version; who loses a race decides again on what is there then. */
export async function appendDecided(ports: AppendPorts, request: DecidedAppend): Promise<AppendedOrNot> {
  let { prepare } = request;
  for (let race = 0; race < mostRaces; race += 1) {
    const { stream, tenant } = request;
    const detail = foldDetail(undefined, await ports.store.readStream(stream, { tenant }));
    if (!detail) return { outcome: 'no-such-generation' };
    const decision = decide(request.command, detail.state);
    if (decision.kind === 'refused')
      return { outcome: 'refused', reason: decision.reason, state: detail.state };
    const traceparent = request.traceparent ?? detail.traceparent;
    await prepare?.();
    prepare = undefined;
    const appended = await ports.store.append({
      stream,
      expected: detail.version,
      events: decision.events.map((event): NewEvent => ({ id: ports.newEventId(), ...event })),
      metadata: {
        tenant,
        actor: request.actor,
        ...(traceparent === null ? {} : { traceparent }),
      },
      by: 'intake',
      ...(request.with === undefined ? {} : { with: request.with }),
    });
    if (appended.outcome === 'fenced') return { outcome: 'fenced' };
    if (appended.outcome === 'appended' || appended.outcome === 'already-appended')
      return { outcome: 'appended', state: detail.state };
  }
  throw new Error(`${mostRaces} appends in a row lost their race`);
}
