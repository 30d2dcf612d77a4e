import { randomUUID } from 'node:crypto';
import type { EventData, EventType } from '@darkroom/contract';
import type { NewEvent } from '@darkroom/event-store';

const cost = { micros: '40000', currency: 'USD' };
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

/** Payloads with everything filled in, for the first attempt of the first run. */
const samples = {
  GenerationRequested: (): EventData['GenerationRequested'] => ({
    prompt: 'a red bicycle in the rain',
    promptSalt: '00ff',
    promptDigest: { saltedSha256: 'ab', length: 25 },
    model: 'sim/standard',
    route: ['sim/standard'],
    width: 1024,
    height: 768,
    count: 1,
    minCount: 1,
    seed: 7,
    outputFormat: 'OUTPUT_FORMAT_PNG',
    metadata: {},
    deadlineSeconds: 3_600,
    deadline: inSeconds(3_600),
    requestedAt: inSeconds(0),
    estimatedCost: cost,
  }),
  SubmissionStarted: (): EventData['SubmissionStarted'] => ({
    run: 1,
    attempt: 1,
    account: 'sim-account',
    model: 'sim/standard',
    reference: 'reference-1',
    seed: 7,
    sendBy: inSeconds(5),
    estimatedCost: cost,
    probe: false,
  }),
  SubmissionAccepted: (): EventData['SubmissionAccepted'] => ({
    run: 1,
    attempt: 1,
    vendorJobId: `job-${randomUUID()}`,
    charge: 'CHARGE_CERTAIN',
    cost,
    queuePosition: 3,
  }),
  SubmissionOutcomeUnknown: (): EventData['SubmissionOutcomeUnknown'] => ({
    run: 1,
    attempt: 1,
    cause: 'UNKNOWN_CAUSE_REPLY_LOST',
    settleUntil: inSeconds(10),
    evidence: {
      request: 'POST https://api.example.com/v1/jobs',
      responseStatus: 504,
      responseBody: '{"detail":"see https://vendor.example/jobs?token=hush"}',
      error: 'socket hang up',
      stagingKey: 'staging/reference-1',
      observedAt: inSeconds(0),
      requestId: 'req-of-the-vendor',
    },
  }),
  SubmissionRepeated: (): EventData['SubmissionRepeated'] => ({
    run: 1,
    attempt: 1,
    sendBy: inSeconds(5),
    repeat: 1,
  }),
  SubmissionResolved: (): EventData['SubmissionResolved'] => ({
    run: 1,
    attempt: 1,
    resolution: 'RESOLUTION_FOUND',
    vendorJobId: 'job-found-late',
    end: 'ATTEMPT_END_UNSPECIFIED',
    failureClass: 'FAILURE_CLASS_UNSPECIFIED',
    reason: 'a late answer',
    acceptDoubleCharge: false,
    charge: 'CHARGE_CERTAIN',
    cost,
    retryRule: '',
  }),
  ProgressReported: (): EventData['ProgressReported'] => ({
    run: 1,
    attempt: 1,
    percent: 40,
    vendorStatus: 'running',
  }),
  AttemptFailed: (): EventData['AttemptFailed'] => ({
    run: 1,
    attempt: 1,
    end: 'ATTEMPT_END_VENDOR_FAILED',
    failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
    vendorCode: 'out_of_memory',
    vendorMessage: 'the worker ran out of memory',
    charge: 'CHARGE_CERTAIN',
    cost,
    retryRule: 'charged-failure',
    nextModel: '',
  }),
  OutputsProduced: (): EventData['OutputsProduced'] => ({
    run: 1,
    attempt: 1,
    outputs: [{ index: 0, sha256: '', bytes: '0', mediaType: 'image/png' }],
    links: [{ index: 0, url: 'https://cdn.vendor.example/a.png?signature=hush', stagingKey: '' }],
    charge: 'CHARGE_CERTAIN',
    cost,
  }),
  ArtifactStored: (): EventData['ArtifactStored'] => ({
    run: 1,
    attempt: 1,
    index: 0,
    artifactId: randomUUID(),
    storageKey: 'images/aa/bb',
    mediaType: 'image/png',
    declaredMediaType: 'image/png',
    width: 1024,
    height: 768,
    bytes: '182736',
    sha256: 'a'.repeat(64),
    placeholder: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
    thumbnailKey: 'thumbnails/aa/bb',
  }),
  GenerationCompleted: (): EventData['GenerationCompleted'] => ({
    run: 1,
    attempt: 1,
    stored: 1,
    charge: 'CHARGE_CERTAIN',
    cost,
  }),
  GenerationFailed: (): EventData['GenerationFailed'] => ({
    run: 1,
    code: 'ERROR_CODE_PROVIDER_FAILED',
    message: 'The provider could not make the images',
    retryable: true,
    charge: 'CHARGE_CERTAIN',
    cost,
  }),
  PaidOrphanRecorded: (): EventData['PaidOrphanRecorded'] => ({
    run: 1,
    attempt: 1,
    account: 'sim-account',
    vendorJobId: 'job-orphan',
    charge: 'CHARGE_CERTAIN',
    cost,
    reason: 'late',
  }),
  PersonalDataErased: (): EventData['PersonalDataErased'] => ({ run: 1, reason: 'asked' }),
} satisfies { [T in EventType]?: () => EventData[T] };

type Sampled = keyof typeof samples;

/** An event with everything filled in, for tests. */
export function sampleEvent<T extends Sampled>(type: T, overrides: Partial<EventData[T]> = {}): NewEvent {
  // The payload is the sample of this very type, which the compiler cannot follow through the index.
  return { id: randomUUID(), type, data: { ...samples[type](), ...overrides } } as NewEvent;
}
