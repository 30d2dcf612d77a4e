import { createHash } from 'node:crypto';
import type { EventStore, NewEvent } from '@darkroom/event-store';
import { fromPublicId, newUuid, type ObjectStore } from '@darkroom/platform';
import sharp from 'sharp';
import type { TestIntake } from './test-intake.js';

type Unplaced = { [T in NewEvent['type']]: Omit<Extract<NewEvent, { type: T }>, 'id'> }[NewEvent['type']];

const noMoney = { micros: '0', currency: '' };

function uuidOf(id: string): string {
  const uuid = fromPublicId('gen', id);
  if (uuid === undefined) throw new Error(`${id} is no generation`);
  return uuid;
}

async function append(
  store: EventStore,
  id: string,
  by: 'provider-gateway' | 'artifact',
  ...events: Unplaced[]
): Promise<void> {
  const stream = uuidOf(id);
  const past = await store.readStream(stream);
  const outcome = await store.append({
    stream,
    expected: past.length,
    by,
    events: events.map((event) => ({ id: newUuid(), ...event })),
    metadata: { tenant: past[0]?.metadata.tenant ?? '', actor: `service:${by}` },
  });
  if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
}

/** What the gateway says when it submits. */
export async function startAttempt(store: EventStore, id: string): Promise<void> {
  await append(store, id, 'provider-gateway', {
    type: 'SubmissionStarted',
    data: {
      run: 1,
      attempt: 1,
      account: 'sim',
      model: 'sim/standard',
      reference: newUuid(),
      seed: 7,
      sendBy: new Date(Date.now() + 5_000).toISOString(),
      estimatedCost: { micros: '40000', currency: 'USD' },
    },
  });
}

/** Bytes of a small picture. */
async function picture(): Promise<Buffer> {
  return sharp({ create: { width: 64, height: 64, channels: 3, background: '#c33' } })
    .png()
    .toBuffer();
}

async function put(objects: ObjectStore, key: string, body: Buffer): Promise<string> {
  const sha256 = createHash('sha256').update(body).digest('hex');
  await objects.put({ key, body, bytes: body.length, sha256, contentType: 'image/png' });
  return sha256;
}

/** Ends a started attempt well, with one image that is really stored; `produced`: stops before anything is. */
export async function finish(
  { store, objects }: Pick<TestIntake, 'store' | 'objects'>,
  id: string,
  until: 'completed' | 'produced' = 'completed',
): Promise<{ complete(): Promise<void> }> {
  await append(
    store,
    id,
    'provider-gateway',
    {
      type: 'SubmissionAccepted',
      data: { run: 1, attempt: 1, vendorJobId: newUuid(), charge: 'CHARGE_CERTAIN', cost: noMoney },
    },
    {
      type: 'OutputsProduced',
      data: {
        run: 1,
        attempt: 1,
        outputs: [{ index: 0, sha256: '', bytes: '0', mediaType: 'image/png' }],
        links: [{ index: 0, url: 'https://vendor.example/0.png', stagingKey: '' }],
        charge: 'CHARGE_CERTAIN',
        cost: noMoney,
      },
    },
  );
  const complete = async (): Promise<void> => {
    const body = await picture();
    const artifactId = newUuid();
    const sha256 = await put(objects, `images/${artifactId}`, body);
    await put(objects, `thumbnails/${artifactId}`, body);
    await append(
      store,
      id,
      'artifact',
      {
        type: 'ArtifactStored',
        data: {
          run: 1,
          attempt: 1,
          index: 0,
          artifactId,
          storageKey: `images/${artifactId}`,
          thumbnailKey: `thumbnails/${artifactId}`,
          mediaType: 'image/png',
          declaredMediaType: 'image/png',
          width: 64,
          height: 64,
          bytes: String(body.length),
          sha256,
          placeholder: '',
        },
      },
      {
        type: 'GenerationCompleted',
        data: { run: 1, attempt: 1, stored: 1, charge: 'CHARGE_CERTAIN', cost: noMoney },
      },
    );
  };
  if (until === 'completed') await complete();
  return { complete };
}
