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
  by: 'provider-gateway' | 'artifact' | 'control-plane',
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

/** What the gateway says when it submits; each run has one attempt. */
export async function startAttempt(
  store: EventStore,
  id: string,
  run = 1,
  model = 'sim/standard',
): Promise<void> {
  await append(store, id, 'provider-gateway', {
    type: 'SubmissionStarted',
    data: {
      run,
      attempt: run,
      account: 'sim',
      model,
      reference: newUuid(),
      seed: 7,
      sendBy: new Date(Date.now() + 5_000).toISOString(),
      estimatedCost: { micros: '40000', currency: 'USD' },
      probe: false,
    },
  });
}

/** Ends a started attempt and its run: the vendor refused, for nothing. */
export async function refuse(store: EventStore, id: string, run = 1): Promise<void> {
  await append(
    store,
    id,
    'provider-gateway',
    {
      type: 'AttemptFailed',
      data: {
        run,
        attempt: run,
        end: 'ATTEMPT_END_REFUSED',
        failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
        vendorCode: 'refused',
        vendorMessage: '',
        charge: 'CHARGE_NONE',
        cost: noMoney,
        retryRule: '',
        nextModel: '',
      },
    },
    {
      type: 'GenerationFailed',
      data: {
        run,
        code: 'ERROR_CODE_PROVIDER_FAILED',
        message: 'The provider could not make the images',
        retryable: true,
        charge: 'CHARGE_NONE',
        cost: noMoney,
      },
    },
  );
}

/** What an operator's order to try a failed generation again says; it starts this run. */
export async function orderRetry(store: EventStore, id: string, run: number): Promise<void> {
  await append(store, id, 'control-plane', {
    type: 'RetryOrdered',
    data: {
      run,
      reason: 'the vendor recovered',
      model: '',
      abandon: false,
      acceptDoubleCharge: false,
      deadline: new Date(Date.now() + 3_600_000).toISOString(),
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
  run = 1,
): Promise<{ complete(): Promise<void> }> {
  await append(
    store,
    id,
    'provider-gateway',
    {
      type: 'SubmissionAccepted',
      data: { run, attempt: run, vendorJobId: newUuid(), charge: 'CHARGE_CERTAIN', cost: noMoney },
    },
    {
      type: 'OutputsProduced',
      data: {
        run,
        attempt: run,
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
          run,
          attempt: run,
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
        data: { run, attempt: run, stored: 1, charge: 'CHARGE_CERTAIN', cost: noMoney },
      },
    );
  };
  if (until === 'completed') await complete();
  return { complete };
}
