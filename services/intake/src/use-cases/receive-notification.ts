import type { EventStore } from '@darkroom/event-store';
import type postgres from 'postgres';
import { type AttemptName, objectFolders, type ObjectStore } from '@darkroom/platform';
import { type AppendPorts, appendDecided } from './append-decided.js';

/** A vendor's webhook whose token and signature hold. */
export interface Notification extends AttemptName {
  readonly provider: string;
  readonly notificationId: string;
  readonly body: Buffer;
  readonly bodySha256: string;
}

/** What recording a webhook needs. */
export interface NotificationPorts extends AppendPorts {
  readonly store: AppendPorts['store'] & Pick<EventStore, 'tenantOf'>;
  readonly objects: Pick<ObjectStore, 'put'>;
}

/** What is larger carries pictures, and goes where pictures go. */
const mostEventBytes = 256 * 1024;

/** `dropped`: known already, one too many, or of a question that is closed; all of them fine for the vendor. */
export type NotificationOutcome = 'recorded' | 'dropped' | 'no-such-attempt';

/**
 * Records a webhook: a row of the inbox with the bytes as they came, and the event that wakes the gateway, in one transaction. The
 * same body again is dropped, however many come at once, and so is what comes after the eighth. One that is too large for a row is put
 * into the object store first, and the event says where.
 */
export async function receiveNotification(
  ports: NotificationPorts,
  notification: Notification,
): Promise<NotificationOutcome> {
  const { generation, attempt, provider, notificationId, body, bodySha256 } = notification;
  const tenant = await ports.store.tenantOf(generation);
  if (tenant === undefined) return 'no-such-attempt';
  const id = ports.newEventId();
  const isLarge = body.length > mostEventBytes;
  const stagingKey = isLarge ? `${objectFolders.staging(generation)}/${attempt}/webhook-${bodySha256}` : '';
  const inRow = isLarge ? Buffer.alloc(0) : body;
  const result = await appendDecided(ports, {
    stream: generation,
    tenant,
    actor: 'service:intake',
    command: {
      type: 'notify',
      attempt,
      vendor: provider,
      notificationId,
      bodySha256,
      signed: true,
      body: isLarge ? null : body.toString('utf8'),
      stagingKey,
    },
    prepare: async () =>
      isLarge
        ? ports.objects.put({
            key: stagingKey,
            body,
            sha256: bodySha256,
            bytes: body.length,
            contentType: 'application/json',
          })
        : undefined,
    with: {
      postgres: (tx: postgres.TransactionSql) => tx`
        insert into intake.webhook_inbox (id, provider, generation, attempt, notification_id, body_sha256, body)
        values (${id}, ${provider}, ${generation}, ${attempt}, ${notificationId}, ${bodySha256}, ${inRow})
        on conflict (generation, attempt, body_sha256) do nothing
        returning id`,
    },
  });
  if (result.outcome === 'appended') return 'recorded';
  if (result.outcome === 'no-such-generation') return 'no-such-attempt';
  const unknown = result.outcome === 'refused' && result.reason === 'unknown_attempt';
  return unknown ? 'no-such-attempt' : 'dropped';
}
