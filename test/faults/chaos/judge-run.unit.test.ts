import { randomUUID } from 'node:crypto';
import { isTenantVisible } from '@darkroom/contract';
import { type NewEvent, origin, type RecordedEvent } from '@darkroom/event-store';
import { toPublicId } from '@darkroom/platform';
import { foldDetail } from '@darkroom/read-models';
import { sampleEvent } from '@darkroom/read-models/testing';
import type { LedgerLine, Resource } from '../client.js';
import type { Evidence } from './evidence.js';
import { foldAll, judgeCharges, judgeRun } from './judge-run.js';

const stream = randomUUID();
const image = randomUUID();
const job = 'job-1';
const sha256 = 'a'.repeat(64);
const prompt = 'run picture 1';
const id = toPublicId('gen', stream);

const recorded = (event: NewEvent, n: number): RecordedEvent => ({
  ...event,
  stream,
  version: n + 1,
  schemaVersion: 1,
  metadata: { tenant: 'acme', actor: 'service:test' },
  recordedAt: new Date(n),
  erased: false,
  cursor: origin,
});
const begun = [
  sampleEvent('GenerationRequested', { prompt }),
  sampleEvent('SubmissionStarted'),
  sampleEvent('SubmissionAccepted', { vendorJobId: job }),
  sampleEvent('OutputsProduced'),
];
const storageKey = 'images/aa/bb';
const stored = sampleEvent('ArtifactStored', { artifactId: image, storageKey, sha256 });
const completed = sampleEvent('GenerationCompleted');
const line: LedgerLine = {
  seq: 1,
  at: '2026-01-01T00:00:00.000Z',
  model: 'standard',
  prompt,
  reference: 'reference-1',
  job_id: job,
  accepted: true,
  replay: false,
  charged_micros: 40_000,
};
const resource: Resource = {
  id,
  run: 1,
  version: 6,
  status: 'succeeded',
  status_reason: null,
  prompt,
  model: 'sim/standard',
  attempts: 1,
  artifacts: [
    { index: 0, sha256, bytes: 182_736, media_type: 'image/png', content_url: '', thumbnail_url: '' },
  ],
  error: null,
  cost: { currency: 'USD', estimated_micros: '40000', actual_micros: null },
};

/** All that is known of one generation that went well. */
function evidence(): Evidence {
  const events = [...begun, stored, completed].map(recorded);
  const detail = foldDetail(undefined, events);
  return {
    requests: [
      { key: 'k', prompt, model: 'sim/standard', tries: [{ outcome: 'unknown' }, { outcome: 'ok', id }] },
    ],
    regresses: [],
    notFound: [],
    resources: new Map([[id, resource]]),
    events,
    topic: events.map((event, n) => ({
      partition: 0,
      offset: BigInt(n),
      key: stream,
      value: '{}',
      headers: { ce_id: event.id, ce_sequence: String(event.version) },
    })),
    details: new Map(detail === undefined ? [] : [[stream, detail]]),
    feed: events
      .filter(({ type }) => isTenantVisible(type))
      .map((event, n) => ({
        tenant: 'acme',
        cursor: String(n),
        event: event.id,
        generation: stream,
        version: event.version,
        type: event.type,
      })),
    counts: [{ tenant: 'acme', status: 'succeeded', n: 1 }],
    imageRows: new Map([[image, stream]]),
    objects: new Map([[storageKey, { sha256, bytes: 182_736 }]]),
    served: new Map([[image, { sha256, bytes: 182_736 }]]),
    ledger: [line],
    vendorJobs: new Map([[job, { status: 'succeeded' }]]),
    pictures: new Map([[job, [sha256]]]),
  };
}

const whole = evidence();
const second: LedgerLine = { ...line, seq: 2, job_id: 'job-2', reference: 'reference-2' };

describe('the judge of a run finds', () => {
  it('nothing where all is well', () => {
    expect(judgeRun(whole)).toEqual([]);
  });

  it.each<[RegExp, string, Partial<Evidence>]>([
    [
      /^lost: .* never acknowledged/,
      'a request that was never answered',
      { requests: [{ key: 'k', prompt, model: 'sim/standard', tries: [] }] },
    ],
    [
      /^lost: .* not in the store/,
      'an acknowledgement of what is not there',
      {
        requests: [
          {
            key: 'k',
            prompt,
            model: 'sim/standard',
            tries: [{ outcome: 'ok', id: toPublicId('gen', randomUUID()) }],
          },
        ],
      },
    ],
    [/^phantom: .* never asked for/, 'a generation that nobody asked for', { requests: [] }],
    [/^reader: .* not found/, 'a 404 for what was acknowledged', { notFound: [id] }],
    [
      /^reader: .* was seen at 1\.2 after 1\.3/,
      'a reader that went back',
      { regresses: [{ id, before: [1, 3], seen: [1, 2] }] },
    ],
    [
      /^open: .* is shown as processing/,
      'one that is shown as not ended',
      { resources: new Map([[id, { ...resource, status: 'processing' }]]) },
    ],
    [
      /^shown: .* with 0 images/,
      'an image that is not shown',
      { resources: new Map([[id, { ...resource, artifacts: [] }]]) },
    ],
    [
      /^charge: attempt reference-1 was accepted 2 times/,
      'an attempt that was accepted twice',
      {
        ledger: [line, { ...line, seq: 2, job_id: 'job-2' }],
        vendorJobs: new Map([
          [job, { status: 'succeeded' }],
          ['job-2', { status: 'failed' }],
        ]),
      },
    ],
    [
      /^charge: .* nothing explains the second/,
      'a second submission that nothing explains',
      {
        ledger: [line, second],
        vendorJobs: new Map([
          [job, { status: 'succeeded' }],
          ['job-2', { status: 'succeeded' }],
        ]),
      },
    ],
    [
      /^charge: job job-2 .* neither current nor an orphan/,
      'a paid job with images that nobody knows',
      {
        ledger: [line, second],
        vendorJobs: new Map([
          [job, { status: 'succeeded' }],
          ['job-2', { status: 'succeeded' }],
        ]),
      },
    ],
    [
      /^charge: "another" was paid for/,
      'a charge for what nobody asked',
      { ledger: [line, { ...second, prompt: 'another' }] },
    ],
    [/^topic: 6 events are missing/, 'events that are not on the topic', { topic: [] }],
    [
      /^topic: .* came as 6 5 4 3 2 1/,
      'events out of order on the topic',
      { topic: (whole.topic ?? []).toSorted((a, b) => Number(b.offset) - Number(a.offset)) },
    ],
    [
      /^topic: prompts are in 6 records/,
      'a prompt on the topic',
      { topic: (whole.topic ?? []).map((record) => ({ ...record, value: `{"x":"${prompt}"}` })) },
    ],
    [/^projection: .* has no row/, 'a generation without a row', { details: new Map() }],
    [/^feed: 1 events are missing/, 'an event that the feed does not have', { feed: whole.feed.slice(1) }],
    [
      /^feed: an event is shown twice/,
      'an event that the feed has twice',
      { feed: [...whole.feed, ...whole.feed.slice(0, 1)] },
    ],
    [/^feed: not in the order/, 'a feed in another order', { feed: whole.feed.toReversed() }],
    [
      /^projection: 2 are counted/,
      'one that is counted twice',
      { counts: [{ tenant: 'acme', status: 'succeeded', n: 2 }] },
    ],
    [/^projection: 0 are counted/, 'one that is not counted', { counts: [] }],
    [/^projection: .* is not found by its id/, 'an image that is not found', { imageRows: new Map() }],
    [
      /^projection: .* which never stored it/,
      'an image that nobody stored',
      {
        imageRows: new Map([
          [image, stream],
          [randomUUID(), stream],
        ]),
      },
    ],
    [/^image: .* stored is nothing/, 'bytes that are not in the store', { objects: new Map() }],
    [
      /^image: .* stored is b/,
      'other bytes in the store',
      { objects: new Map([[storageKey, { sha256: 'b', bytes: 182_736 }]]) },
    ],
    [/^image: .* served is nothing/, 'bytes that are not served', { served: new Map([[image, null]]) }],
    [
      /^image: .* not what the vendor made/,
      'another picture than the vendor made',
      { pictures: new Map([[job, ['b'.repeat(64)]]]) },
    ],
  ])('%s: %s', (wording, _, changes) => {
    expect(judgeRun({ ...whole, ...changes })).toContainEqual(expect.stringMatching(wording));
  });

  it.each<[RegExp, string, readonly NewEvent[]]>([
    [
      /^stream: .* ended 2 times/,
      'a run that ended twice',
      [...begun, stored, completed, sampleEvent('GenerationCompleted')],
    ],
    [
      /^stream: .* is not legal/,
      'what the table of transitions does not allow',
      [...begun, stored, completed, sampleEvent('OutputsProduced')],
    ],
    [/^open: .* has not ended/, 'a generation that stands still', begun],
    [
      /^charge: .* told as not charged/,
      'an end that hides a charge',
      [...begun.slice(0, 3), sampleEvent('GenerationFailed', { charge: 'CHARGE_NONE' })],
    ],
  ])('%s: %s', (wording, _, events) => {
    expect(judgeRun({ ...whole, events: events.map(recorded) })).toContainEqual(
      expect.stringMatching(wording),
    );
  });

  it('a job of a lost answer, which nobody can know of, only where the vendor tells of it', () => {
    const by = { run: 1, requestedBy: 'REQUESTER_CLIENT' } as const;
    const cost = { micros: '40000', currency: 'USD' };
    const lost: NewEvent[] = [
      ...begun.slice(0, 2),
      sampleEvent('SubmissionOutcomeUnknown'),
      { id: randomUUID(), type: 'CancellationRequested', data: { ...by, reason: '' } },
      { id: randomUUID(), type: 'GenerationCanceled', data: { ...by, charge: 'CHARGE_POSSIBLE', cost } },
    ];
    const found = (model: string) =>
      judgeRun({
        ...whole,
        events: lost.map(recorded),
        ledger: [{ ...line, model, reference: null }],
      }).filter((finding) => finding.startsWith('charge:'));
    expect(found('standard')).toHaveLength(2);
    expect(found('blind')).toEqual([]);
  });

  it('a gap in the versions of a stream', () => {
    const events = whole.events.map((event) => (event.version === 6 ? { ...event, version: 7 } : event));
    expect(judgeRun({ ...whole, events })).toContainEqual(expect.stringMatching(/^stream: versions of/));
  });

  it('nothing where a run ended while its outcome was unknown: that is told as an open question', () => {
    const ended = [
      sampleEvent('GenerationRequested', { prompt }),
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionOutcomeUnknown'),
      sampleEvent('GenerationFailed', { code: 'ERROR_CODE_OUTCOME_UNKNOWN', charge: 'CHARGE_POSSIBLE' }),
    ];
    const events = ended.map(recorded);
    expect(judgeCharges({ ...whole, events }, foldAll(events))).toEqual([]);
    // Of an attempt that is no question, it is found.
    const refused = sampleEvent('SubmissionResolved', {
      resolution: 'RESOLUTION_NOT_THERE',
      vendorJobId: '',
      charge: 'CHARGE_NONE',
    });
    const closed = [...ended, refused].map(recorded);
    expect(judgeCharges({ ...whole, events: closed }, foldAll(closed))).toEqual(
      expect.arrayContaining([expect.stringMatching(/has images, and is neither/)]),
    );
  });
});
