import type { VendorNews } from '../commands.js';
import type { SubmissionContract } from '../submission-contract.js';
import { produced } from '../testing/a-generation.js';
import { type Job, type Move, type Packet, type Setting, spend, withGateway, type World } from './world.js';

const ms = (seconds: number): number => seconds * 1000;

/** What a vendor says of a job as it is. */
function newsOf(job: Job): VendorNews {
  if (job.status === 'done') return produced(job.id, 1);
  if (job.status === 'canceled')
    return {
      kind: 'ended',
      jobId: job.id,
      end: 'ATTEMPT_END_VENDOR_CANCELED',
      failureClass: 'FAILURE_CLASS_UNSPECIFIED',
      vendorCode: '',
      vendorMessage: '',
    };
  return { kind: 'accepted', jobId: job.id };
}

/** A job as somebody sees it, and the world in which it is so. */
export interface Sight {
  readonly world: World;
  readonly job: Job;
  readonly news: VendorNews;
}

/** A job elsewhere. */
function withJob(world: World, job: Job, status: Job['status']): Sight {
  const seen = { ...job, status };
  const then = { ...world, jobs: world.jobs.map((other) => (other === job ? seen : other)) };
  return { world: then, job: seen, news: newsOf(seen) };
}

/**
 * What somebody who asks for a job may see. When it was done is decided here: before it is looked at, nothing depends
 * upon it.
 */
export function sightsOf(world: World, job: Job): Sight[] {
  const asItIs: Sight = { world, job, news: newsOf(job) };
  return job.status === 'running' ? [asItIs, withJob(world, job, 'done')] : [asItIs];
}

/** What a vendor that is asked to cancel may answer: canceled, or done before. */
export function cancel(world: World, job: Job): Sight[] {
  return job.status === 'running'
    ? [withJob(world, job, 'canceled'), withJob(world, job, 'done')]
    : sightsOf(world, job);
}

/** The job that a look-up by the attempt's reference shows now. */
export function lookUp(world: World, attempt: number, contract: SubmissionContract): Job | undefined {
  return world.jobs.find(
    (one) => one.attempt === attempt && world.now >= one.at + ms(contract.settlingSeconds),
  );
}

/** The job that a submission under a used key leads to; undefined: the key is new, or forgotten. */
function jobUnderKey(world: World, { attempt }: Packet, contract: SubmissionContract): Job | undefined {
  const { submit, keyScope } = contract;
  if (submit !== 'keyed-replay' && submit !== 'keyed-reject') return undefined;
  return world.jobs.find(
    (job) => job.attempt === attempt && (typeof keyScope !== 'number' || world.now < job.at + ms(keyScope)),
  );
}

function without(world: World, packet: Packet): World {
  return { ...world, packets: world.packets.filter((other) => other !== packet) };
}

function answer(world: World, packet: Packet, news: VendorNews | 'lost' | 'duplicate'): World {
  const { from, attempt } = packet;
  if (from === null) return world;
  const gateway = world.gateways[from];
  if (gateway.at !== 'sent') return world;
  if (news === 'duplicate')
    return withGateway(world, from, {
      at: 'heard',
      attempt,
      news: { kind: 'unknown', cause: 'UNKNOWN_CAUSE_KEY_USED' },
    });
  if (news === 'lost' || (gateway.isRepeat && news.kind === 'refused')) {
    // A refusal, an error or a time-out of a repeat says nothing about the first send, and changes nothing where it is recorded.
    const lost: VendorNews = { kind: 'unknown', cause: 'UNKNOWN_CAUSE_REPLY_LOST' };
    return withGateway(world, from, gateway.isRepeat ? { at: 'idle' } : { at: 'heard', attempt, news: lost });
  }
  const isAJob = news.kind !== 'refused';
  return {
    ...withGateway(world, from, { at: 'heard', attempt, news }),
    staged: isAJob ? [...world.staged, { attempt, news }] : world.staged,
  };
}

const refusal: VendorNews = {
  kind: 'refused',
  failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
  vendorCode: '500',
  vendorMessage: '',
  retryAfterSeconds: null,
};

/** A new job, and whether the vendor may charge for it. */
function accept(world: World, { attempt }: Packet, isInline: boolean): Sight {
  const job: Job = {
    id: `job-${world.jobs.length + 1}`,
    attempt,
    at: world.now,
    status: isInline ? 'done' : 'running',
  };
  const then = { ...world, jobs: [...world.jobs, job] };
  const wrong = then.wrong ?? whatIsPaidTwice(then);
  return { world: { ...then, wrong }, job, news: isInline ? produced(null, 1) : newsOf(job) };
}

/** A submit is charged once, and a second one only beside those that an event names. */
function whatIsPaidTwice({ jobs, beside }: World): string | null {
  const twice = jobs.find(({ attempt }, place) => jobs.findIndex((one) => one.attempt === attempt) < place);
  if (twice !== undefined) return `2 charges at the vendor for attempt ${twice.attempt}`;
  const isUnasked = jobs.some(({ attempt }) =>
    jobs.some(
      (earlier) => earlier.attempt < attempt && beside[attempt - 1]?.includes(earlier.attempt) !== true,
    ),
  );
  return isUnasked ? `${jobs.length} charges at the vendor, and nobody accepted the second` : null;
}

/** What may become of what is on its way. */
export function vendorMoves(world: World, { contract }: Setting): Move[] {
  const { left } = world;
  return world.packets.flatMap((packet) => {
    const what = `vendor gets the submission of attempt ${packet.attempt} from ${packet.from ?? 'one that died'}`;
    const arrived = without(world, packet);
    const known = jobUnderKey(world, packet, contract);
    if (known !== undefined && contract.submit === 'keyed-reject')
      return [{ label: `${what}: duplicate`, to: answer(arrived, packet, 'duplicate') }];
    const isNew = known === undefined;
    const sights = isNew ? [accept(arrived, packet, contract.poll === 'none')] : sightsOf(arrived, known);
    const moves: Move[] = sights.map(({ world: then, job, news }) => ({
      label: `${what}: ${job.id}, ${job.status}`,
      to: answer(then, packet, news),
    }));
    const [unseen] = sights;
    if (unseen !== undefined && left.lostReplies > 0)
      moves.push({
        label: `${what}: ${unseen.job.id}, and the answer is lost`,
        to: spend(answer(unseen.world, packet, 'lost'), 'lostReplies'),
      });
    if (left.refusals > 0 && isNew)
      moves.push({
        label: `${what}: refused`,
        to: spend(answer(arrived, packet, refusal), 'refusals'),
      });
    return moves;
  });
}

/** Whether time may pass: what is on its way arrives within the accept lag. */
export function mayTimePass(world: World, { contract }: Setting): boolean {
  return world.packets.every(({ sentAt }) => world.now < sentAt + ms(contract.acceptLagSeconds));
}
