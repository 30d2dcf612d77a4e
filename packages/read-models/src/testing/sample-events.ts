import { randomUUID } from 'node:crypto';
import type { NewEvent } from '@darkroom/event-store';

type Requested = NewEvent<'GenerationRequested'>;

/** A request with everything filled in, for tests. */
export function requested(prompt: string, overrides: Partial<Requested['data']> = {}): Requested {
  return {
    id: randomUUID(),
    type: 'GenerationRequested',
    data: {
      prompt,
      promptSalt: '00ff',
      promptDigest: { saltedSha256: 'ab', length: prompt.length },
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
      deadline: new Date(Date.now() + 3_600_000).toISOString(),
      requestedAt: new Date().toISOString(),
      estimatedCost: { micros: '40000', currency: 'USD' },
      ...overrides,
    },
  };
}
