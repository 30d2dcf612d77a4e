import { attemptOf, type Command, type GenerationEvent, type GenerationState } from '@darkroom/domain';
import type { GatewayPorts } from '../gateway-ports.js';

/** Whether it is the news that a job runs. */
export const tellsOfRunningJob = (command: Command): boolean =>
  command.type === 'hear' && ['accepted', 'running'].includes(command.news.kind);

/**
 * Tells of jobs that are paid for and used by nobody, and asks their vendor to end those that just came to light: best
 * effort, once. Where time ended the run, the vendor was asked before.
 */
export async function closeOrphans(
  ports: GatewayPorts,
  generation: string,
  state: GenerationState,
  events: readonly GenerationEvent[],
  command: Command,
): Promise<void> {
  for (const event of events) {
    if (event.type !== 'PaidOrphanRecorded') continue;
    const { attempt, vendorJobId } = event.data;
    ports.logger.error({ generation, attempt }, 'a job was paid for that nobody uses');
    const mayRun = tellsOfRunningJob(command);
    const paid = attemptOf(state, attempt);
    const access = paid === undefined ? undefined : ports.accessTo(paid.model, paid.account);
    if (!mayRun || vendorJobId === '' || access === undefined || access.sheet.cancel === 'never') continue;
    const jobUrl = paid?.vendorJobId === vendorJobId ? paid.vendorJobUrl : null;
    const answer = await ports.calls.cancel(access, { jobId: vendorJobId, jobUrl });
    ports.logger.info({ generation, attempt, answer: answer.kind }, 'its vendor was asked to cancel it');
  }
}
