import type { Attempt, GenerationState } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { WholeLookup } from '../adapters/vendor-calls.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { evidenceOfLookUp } from '../policy/evidence.js';
import { hearVendor } from './hear-vendor.js';

/** What a listing says that the vendor took for an attempt: each job of it, as a second one is a second charge. */
export async function hearFoundJobs(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  access: ModelAccess,
  attempt: Attempt,
  { jobs, seen }: Extract<WholeLookup, { kind: 'found' }>,
): Promise<'news' | 'no-news' | 'fenced'> {
  const evidence = evidenceOfLookUp(seen, ports.now());
  let said: 'news' | 'no-news' = 'no-news';
  for (const { jobId } of jobs) {
    const news = { kind: 'accepted', jobId, evidence } as const;
    const { outcome } = await hearVendor(ports, job, state, access, attempt, news, { mayRest: false });
    if (outcome === 'fenced') return 'fenced';
    if (outcome === 'appended') said = 'news';
  }
  return said;
}
