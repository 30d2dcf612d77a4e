import { randomUUID } from 'node:crypto';
import { foldEvents, type PlacedEvent } from '@darkroom/domain';
import type { NewEvent } from '@darkroom/event-store';
import { toPublicId } from '@darkroom/platform';
import type { GenerationDetail } from '../detail/detail.js';
import { sampleEvent } from '../testing/index.js';
import type { GenerationResource } from './generation-resource.js';
import { toResource } from './to-resource.js';

const began = Date.parse('2026-11-24T10:00:00Z');
const id = '01938a4e-7c00-7000-8000-000000000001';
const links = {
  contentUrl: (artifact: string) => `/content/${artifact}`,
  thumbnailUrl: (artifact: string) => `/thumbnail/${artifact}`,
};

/** A generation with this history, a second between two events. */
function detailOf(events: readonly NewEvent[], beside: Partial<GenerationDetail> = {}): GenerationDetail {
  const request = sampleEvent('GenerationRequested', { requestedAt: '2026-11-24T10:00:00Z' });
  const placed = [request, ...events].map(
    ({ type, data }, index) => ({ type, data, version: index + 1, at: began + index * 1_000 }) as PlacedEvent,
  );
  const state = foldEvents(placed);
  if (!state) throw new Error('nothing was folded');
  return {
    id,
    tenant: 'acme',
    version: state.version,
    state,
    prompt: 'a red bicycle',
    metadata: { order: 'o-17' },
    erased: false,
    traceparent: null,
    ...beside,
  };
}
const resourceOf = (detail: GenerationDetail, now = began + 60_000): GenerationResource =>
  toResource(detail, { now, links, usualSeconds: () => ({ p50: 8, p95: 20 }) });

const artifactId = randomUUID();
const untilStored = [
  sampleEvent('SubmissionStarted'),
  sampleEvent('SubmissionAccepted'),
  sampleEvent('OutputsProduced'),
  sampleEvent('ArtifactStored', { artifactId }),
];

describe('the resource of a generation', () => {
  it('names its trace, and where that is looked at if somebody said where', () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traced = { ...detailOf([]), traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    expect(resourceOf(traced)).toMatchObject({ trace_id: traceId, links: { trace: null } });
    const traceUrl = (id: string): string => `http://jaeger/trace/${id}`;
    expect(toResource(traced, { now: began, links, traceUrl }).links.trace).toBe(
      `http://jaeger/trace/${traceId}`,
    );
  });

  it('names what was asked for, and invents nothing', () => {
    const self = `/v1/generations/${toPublicId('gen', id)}`;
    expect(resourceOf(detailOf([]), began)).toEqual({
      id: toPublicId('gen', id),
      run: 1,
      version: 1,
      status: 'queued',
      status_reason: null,
      prompt: 'a red bicycle',
      model: 'sim/standard',
      requested: { size: '1024x768', count: 1, seed: 7, output_format: 'png' },
      progress: { percent: null, queue_position: null, usual_seconds: { p50: 8, p95: 20 } },
      attempts: 0,
      created_at: '2026-11-24T10:00:00.000Z',
      updated_at: '2026-11-24T10:00:00.000Z',
      finished_at: null,
      artifacts: [],
      error: null,
      charge: null,
      cost: { currency: 'USD', estimated_micros: '40000', actual_micros: null },
      metadata: { order: 'o-17' },
      trace_id: null,
      links: { self, events: `${self}/events`, cancel: `${self}/cancel`, trace: null },
    });
  });

  it('tells progress while the vendor works, and only then', () => {
    const working = [
      ...untilStored.slice(0, 2),
      sampleEvent('ProgressReported', { percent: 40, queuePosition: 2 }),
    ];
    expect(resourceOf(detailOf(working)).progress).toMatchObject({ percent: 40, queue_position: 2 });
    const { status, progress } = resourceOf(detailOf([...working, sampleEvent('OutputsProduced')]));
    expect([status, progress.percent, progress.queue_position]).toEqual(['verifying', null, null]);
  });

  it('shows verified images with their links, and what it cost', () => {
    const public_ = toPublicId('art', artifactId);
    const resource = resourceOf(detailOf([...untilStored, sampleEvent('GenerationCompleted')]));
    expect(resource).toMatchObject({
      status: 'succeeded',
      charge: 'certain',
      finished_at: '2026-11-24T10:00:05.000Z',
      cost: { actual_micros: '40000' },
    });
    expect(resource.artifacts).toEqual([
      {
        id: public_,
        index: 0,
        media_type: 'image/png',
        width: 1024,
        height: 768,
        bytes: 182_736,
        sha256: 'a'.repeat(64),
        placeholder: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
        content_url: `/content/${public_}`,
        thumbnail_url: `/thumbnail/${public_}`,
      },
    ]);
  });

  it('names no thumbnail and no placeholder that is not there', () => {
    const bare = sampleEvent('ArtifactStored', { placeholder: '', thumbnailKey: '' });
    const [image] = resourceOf(detailOf([...untilStored.slice(0, 3), bare])).artifacts;
    expect(image).toMatchObject({ placeholder: null, thumbnail_url: null });
  });

  it('says why it failed and whether it was charged', () => {
    const resource = resourceOf(
      detailOf([...untilStored.slice(0, 2), sampleEvent('AttemptFailed'), sampleEvent('GenerationFailed')]),
    );
    expect(resource).toMatchObject({
      status: 'failed',
      error: { code: 'provider_failed', retryable: true, charge: 'certain' },
      charge: 'certain',
    });
  });

  it('asks for attention once the grace of an unknown outcome is over', () => {
    const unknown = (settleUntil: string) =>
      resourceOf(
        detailOf([
          sampleEvent('SubmissionStarted'),
          sampleEvent('SubmissionOutcomeUnknown', { settleUntil }),
        ]),
      ).status_reason;
    expect(unknown('2026-11-24T10:05:00Z')).toMatchObject({
      code: 'confirming_with_provider',
      until: '2026-11-24T10:05:00.000Z',
    });
    expect(unknown('2026-11-24T10:00:30Z')).toMatchObject({ code: 'needs_attention' });
  });

  it('shows nothing of what was erased', () => {
    const erased = detailOf([...untilStored, sampleEvent('GenerationCompleted')], {
      prompt: null,
      erased: true,
    });
    expect(resourceOf(erased)).toMatchObject({ prompt: null, artifacts: [] });
  });
});
