import type { VendorNews } from '../commands.js';
import type { SubmissionContract } from '../submission-contract.js';
import { produced } from '../testing/a-generation.js';
import { type Job, type Move, type Packet, type Setting, withGateway, type World } from './world.js';

const ms = (seconds: number): number => seconds * 1000;

/** What a vendor says of a job: its images once they are made. */
export function newsOf(job: Job): VendorNews {
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

/** What a look-up by the attempt's reference answers now. */
export function lookUp(world: World, attempt: number, contract: SubmissionContract): VendorNews {
  const job = world.jobs.find(
    (one) => one.attempt === attempt && world.now >= one.at + ms(contract.settlingSeconds),
  );
  return job === undefined ? { kind: 'absent', lookedUpAt: world.now } : newsOf(job);
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
  const gateway = world.gateways[from];
  if (gateway.at !== 'sent' || gateway.attempt !== attempt) return world;
  if (typeof news === 'string' || (gateway.isRepeat && news.kind === 'refused')) {
    // A refusal, an error or a time-out of a repeat says nothing about the first send.
    const lost: VendorNews = { kind: 'unknown', cause: 'UNKNOWN_CAUSE_REPLY_LOST' };
    return withGateway(world, from, gateway.isRepeat ? { at: 'idle' } : { at: 'heard', attempt, news: lost });
  }
  const isAJob = news.kind !== 'refused';
  return {
    ...withGateway(world, from, { at: 'heard', attempt, news }),
    staged: isAJob ? [...world.staged, { attempt, news }] : world.staged,
  };
}

/** What may become of what is on its way, and of the jobs. */
export function vendorMoves(world: World, { contract }: Setting): Move[] {
  const moves: Move[] = [];
  for (const packet of world.packets) {
    const what = `vendor gets the submission of attempt ${packet.attempt} from ${packet.from}`;
    const arrived = without(world, packet);
    const known = jobUnderKey(world, packet, contract);
    const { left } = world;
    if (known !== undefined && contract.submit === 'keyed-reject') {
      moves.push({ label: `${what}: duplicate`, to: answer(arrived, packet, 'duplicate') });
      continue;
    }
    const isInline = contract.poll === 'none';
    const job: Job = known ?? {
      id: `job-${world.jobs.length + 1}`,
      attempt: packet.attempt,
      at: world.now,
      status: isInline ? 'done' : 'running',
    };
    const charged = known === undefined ? { ...arrived, jobs: [...arrived.jobs, job] } : arrived;
    const news = isInline ? produced(null, 1) : newsOf(job);
    moves.push({ label: `${what}: ${job.id}`, to: answer(charged, packet, news) });
    if (left.lostReplies > 0)
      moves.push({
        label: `${what}: ${job.id}, and the answer is lost`,
        to: { ...answer(charged, packet, 'lost'), left: { ...left, lostReplies: left.lostReplies - 1 } },
      });
    if (left.refusals > 0 && known === undefined)
      moves.push({
        label: `${what}: refused`,
        to: {
          ...answer(arrived, packet, {
            kind: 'refused',
            failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
            vendorCode: '500',
            vendorMessage: '',
            retryAfterSeconds: null,
          }),
          left: { ...left, refusals: left.refusals - 1 },
        },
      });
  }
  for (const job of world.jobs)
    if (job.status === 'running')
      moves.push({ label: `vendor finishes ${job.id}`, to: withJob(world, job, 'done') });
  return moves;
}

/** A job elsewhere. */
export function withJob(world: World, job: Job, status: Job['status']): World {
  return { ...world, jobs: world.jobs.map((other) => (other === job ? { ...job, status } : other)) };
}

/** Whether time may pass: what is on its way arrives within the accept lag. */
export function mayTimePass(world: World, { contract }: Setting): boolean {
  return world.packets.every(({ sentAt }) => world.now < sentAt + ms(contract.acceptLagSeconds));
}
