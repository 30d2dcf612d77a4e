import type { EventType } from '@darkroom/contract';

export type ServiceName = 'intake' | 'provider-gateway' | 'artifact' | 'control-plane';

/** Which services may append which type of event; the table itself is the domain's. */
export type MayAppend = Readonly<Record<EventType, readonly ServiceName[]>>;
