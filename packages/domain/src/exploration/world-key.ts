import { attemptOf, type GenerationState, isFinal } from '../state.js';
import { type Gateway, type Job, type Setting, tick, type World } from './world.js';

// A global of a test's realm is looked up anew each time: the exploration took twelve times as long.
const { max, min } = Math;

/**
 * Tells worlds apart by what may come of them. Times are counted from now and end where nothing compares them any more;
 * gateways that change places change nothing.
 */
export function keyOf(world: World, setting: Setting): string {
  const { lease, now, stream } = world;
  const { state } = stream;
  const a = placeOf(now, world.gateways.A);
  const b = placeOf(now, world.gateways.B);
  const until = lease === null ? 0 : max(0, (lease.until - now) / tick);
  // Whose lease it is concerns its holder alone.
  const holder = lease === null || world.gateways[lease.holder].at === 'idle' ? '' : lease.holder;
  const isSwapped =
    a === b
      ? (holder === '' ? world.packets.find(({ from }) => from !== null)?.from : holder) === 'B'
      : a > b;
  const place = (name: string): string => (name === '' ? '-' : (name === 'A') === isSwapped ? '2' : '1');
  let key = `${setting.recorder.numberOf(stream, now)}|${isSwapped ? `${b};${a}` : `${a};${b}`}|${
    // Of a lease that is over it only matters that nobody took it.
    until > 0 || holder !== '' ? `${place(holder)}${until}` : ''
  }|`;
  for (const { attempt, from, sentAt } of world.packets)
    key += `${attempt}${place(from ?? '')}${(now - sentAt) / tick}`;
  key += '|';
  for (const job of world.jobs) key += `${job.attempt}${job.status[0]}${ageOf(job, world, setting)}`;
  key += '|';
  for (const { attempt, news } of world.staged)
    if (isOpen(state, attempt)) key += `${attempt}${news.kind[0]}`;
  return `${key}|${budgetOf(world, setting)}|${world.accepted.join('')},${world.beside.join(' ')}${
    world.isCanceled ? 'c' : ''
  }`;
}

/** What is left that can still be used. */
function budgetOf({ left, stream, packets, gateways }: World, { contract }: Setting): string {
  const { lostReplies, refusals, crashes, webhooks, cancels, orders } = left;
  const { phase } = stream.state;
  const places = [gateways.A.at, gateways.B.at];
  const isOver = orders === 0 && isFinal(phase);
  const mayBeSent = !isOver || packets.length > 0 || places.includes('started');
  const mayDie = mayBeSent || places.some((at) => at !== 'idle');
  const mayBeCanceled = !isOver && (orders > 0 || phase !== 'storing');
  return `${mayBeSent ? `${lostReplies}${refusals}` : '-'}${mayDie ? crashes : '-'}${
    contract.poll === 'none' ? '-' : webhooks
  }${mayBeCanceled ? cancels : '-'}${orders}`;
}

/** Where a gateway stands, in as few letters as tell it from all others. */
function placeOf(now: number, gateway: Gateway): string {
  switch (gateway.at) {
    case 'idle':
      return '';
    case 'claimed':
      return 'c';
    case 'started':
      return `r${gateway.attempt}${gateway.isRepeat ? 'R' : ''}${max(-1, (gateway.sendBy - now) / tick)}`;
    case 'sent':
      return `s${gateway.attempt}${gateway.isRepeat ? 'R' : ''}`;
    case 'heard': {
      const { attempt, news } = gateway;
      const job = 'jobId' in news ? news.jobId : '';
      return `h${attempt}${news.kind}${job}${news.kind === 'absent' ? news.lookedUpAt : ''}${
        news.kind === 'unknown' ? news.cause : ''
      }`;
    }
  }
}

/** A staged answer, or a key, is of use while the outcome is not known. */
function isOpen(state: GenerationState, attempt: number): boolean {
  const status = attemptOf(state, attempt)?.status;
  return status === 'started' || status === 'unknown';
}

/** How old a job is to the listing and to its key, while anybody may ask. */
function ageOf(job: Job, world: World, { contract }: Setting): number {
  const { submit, settlingSeconds, keyScope } = contract;
  const age = (world.now - job.at) / tick;
  if (submit === 'keyed-replay' && typeof keyScope === 'number') {
    const maySend =
      isOpen(world.stream.state, job.attempt) ||
      world.packets.some(({ attempt }) => attempt === job.attempt) ||
      [world.gateways.A, world.gateways.B].some((one) => one.at === 'started' && one.attempt === job.attempt);
    return maySend ? min(age, keyScope) : 0;
  }
  return submit === 'blind' ? 0 : min(age, settlingSeconds);
}
