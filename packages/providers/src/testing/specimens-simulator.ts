import { standardWebhook } from './genuine-webhooks.js';
import { base64, link, specimenJob, type Specimens } from './specimen.js';

const simulated = (status: string, outputs: readonly unknown[]) => ({
  id: specimenJob,
  status,
  progress: 40,
  queue_position: 3,
  reference: 'reference',
  outputs,
  error: { code: 'generation_failed', message: 'it failed' },
});

const simulatorRefusals = [{ status: 422, body: { error: { code: 'invalid', message: 'no such size' } } }];

const endWords = { succeeded: 'produced', failed: 'failed', canceled: 'canceled' } as const;

/** Its models that queue. */
const simulatorQueued: Specimens = {
  vendor: 'sim',
  accepted: (id) => ({ id, status: 'queued', queue_position: 3 }),
  source: link,
  picture: (source) => ({ url: source, sha256: 'a'.repeat(64), bytes: 7, media_type: 'image/png' }),
  list: true,
  told: (word, outputs) => [simulated(word, outputs)],
  words: { queued: 'open', running: 'open', ...endWords },
  refusals: simulatorRefusals,
  webhook: { body: simulated('succeeded', [{ url: link('a') }]), deliver: standardWebhook },
};

/** The one whose answer is the picture. */
const simulatorInline: Specimens = {
  vendor: 'sim',
  model: 'inline',
  source: base64,
  picture: (source) => ({ b64: source, media_type: 'image/png' }),
  list: true,
  told: (word, outputs) => [simulated(word, outputs)],
  words: endWords,
  refusals: simulatorRefusals,
};

export const simulatorSpecimens: readonly Specimens[] = [simulatorQueued, simulatorInline];
