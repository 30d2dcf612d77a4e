import type { GenerationState } from '@darkroom/domain';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { pollDelay } from '../policy/pace.js';
import { heedAnswer } from './heed-answer.js';
import { jobLeft } from './job-left.js';
import { type Next, restUntil, rowOf } from './next.js';
import { usualDuration } from './usual-duration.js';
import { mostMissesInARow } from './watch-job.js';

/**
 * What is left to do for a run that has ended: its row has the slot of a job that it left running until the vendor says that the job
 * is over, or its time is. Nothing is recorded of it: the orphan is on record since the run's end.
 */
export async function watchJobLeft(ports: GatewayPorts, job: Job, state: GenerationState): Promise<Next> {
  const { generation } = job.claim;
  const left = jobLeft(ports, state);
  if (left === null || ports.now() >= left.until) return letGo(ports, generation, state);
  const { attempt, access, until, jobId } = left;
  // What was let go once is not taken again: the row may have been woken for something else.
  const keep = (due: number): Next => rowOf(state, ports.now(), { due, release: true, slot: 'kept' });
  if (access === null) return keep(until);
  const answer = await ports.calls.poll(access, { jobId, jobUrl: attempt.vendorJobUrl }, job.signal);
  const asked = await heedAnswer(ports, job, access, answer);
  const now = ports.now();
  if (answer.kind === 'job' && answer.state.kind !== 'open') return letGo(ports, generation, state);
  if (answer.kind === 'job') ports.missing.ended(generation);
  if (answer.kind === 'not_found' && ports.missing.failed(generation, now).count >= mostMissesInARow)
    return letGo(ports, generation, state);
  const delay = pollDelay(attempt, now, usualDuration(ports, attempt.model), ports.random());
  return keep(Math.min(Math.max(now + delay, asked), until));
}

function letGo(ports: GatewayPorts, generation: string, state: GenerationState): Next {
  ports.missing.ended(generation);
  return restUntil(ports, state, null);
}
