import { type ParkedFilter, previewReplay, type Replay, replayParked } from '@darkroom/event-bus';
import type { Database } from '@darkroom/event-store';
import { insertAudit } from '../audit/audit-log.js';
import type { Operator } from '../auth/operator-keys.js';

/** An operator's wish that parked streams be tried now. */
export interface ReplayRequest {
  /** UUID: that of the command. */
  readonly id: string;
  readonly operator: Operator;
  readonly reason: string;
  readonly filter: ParkedFilter;
  readonly cap: number;
  /** Only tells what would be done. */
  readonly preview: boolean;
}

/** Lets parked streams be tried now, with its audit entry in the same transaction; a preview changes and records nothing. */
export async function replay(sql: Database, request: ReplayRequest): Promise<Replay> {
  const { id, operator, reason, filter, cap } = request;
  if (request.preview) return previewReplay(sql, filter, cap);
  return sql.begin(async (tx) => {
    const done = await replayParked(tx, filter, cap);
    const { stream = null, ...rest } = filter;
    await insertAudit(tx, {
      id,
      operator: operator.keyId,
      action: 'replay',
      generation: stream,
      reason,
      request: { ...rest, stream, cap },
      before: { waiting: done.waiting },
      after: { tried: done.streams.map(({ consumer, stream: of }) => ({ consumer, generation: of })) },
    });
    return done;
  });
}
