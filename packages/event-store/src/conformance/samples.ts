import { v7 } from 'uuid';
import type { AppendRequest, CreateRequest, NewEvent } from '../index.js';

/** Requests with everything filled in, for tests. */
export const sample = {
  stream: (): string => v7(),

  progress(percent = 10): NewEvent<'ProgressReported'> {
    return {
      id: v7(),
      type: 'ProgressReported',
      data: { run: 1, attempt: 1, percent, vendorStatus: 'running' },
    };
  },

  outputs(url = 'http://vendor/secret'): NewEvent<'OutputsProduced'> {
    return {
      id: v7(),
      type: 'OutputsProduced',
      data: {
        run: 1,
        attempt: 1,
        outputs: [{ index: 0, sha256: '', bytes: '12', mediaType: 'image/png' }],
        links: [{ index: 0, url, stagingKey: '' }],
        charge: 'CHARGE_CERTAIN',
        cost: { micros: '40000', currency: 'USD' },
      },
    };
  },

  append(overrides: Partial<AppendRequest> = {}): AppendRequest {
    return {
      stream: v7(),
      expected: 'none',
      events: [sample.progress()],
      metadata: { tenant: 'acme', actor: 'service:provider-gateway' },
      by: 'provider-gateway',
      ...overrides,
    };
  },

  requested(prompt = 'a red bicycle'): NewEvent<'GenerationRequested'> {
    return {
      id: v7(),
      type: 'GenerationRequested',
      data: {
        prompt,
        promptSalt: '00ff',
        promptDigest: { saltedSha256: 'ab', length: prompt.length },
        model: 'sim/standard',
        route: ['sim/standard'],
        width: 1024,
        height: 1024,
        count: 1,
        minCount: 1,
        seed: 7,
        outputFormat: 'OUTPUT_FORMAT_PNG',
        metadata: {},
        deadlineSeconds: 3_600,
        deadline: '2026-11-24T11:00:00Z',
        requestedAt: '2026-11-24T10:00:00Z',
        estimatedCost: { micros: '40000', currency: 'USD' },
      },
    };
  },

  create(overrides: Partial<CreateRequest> = {}): CreateRequest {
    return {
      tenant: 'acme',
      idempotencyKey: v7(),
      fingerprint: 'fingerprint',
      stream: v7(),
      event: sample.requested(),
      metadata: { tenant: 'acme', actor: 'client:key-1' },
      ...overrides,
    };
  },
};
