import type { Output } from '@darkroom/domain';
import { fetchOutput, type FetchPorts } from '../download/fetch-output.js';
import { artifactId } from '../policy/event-ids.js';
import { lookAgainAt } from '../policy/link-patience.js';
import { newestLink } from '../policy/newest-link.js';
import { OutputRejected } from '../policy/output-rejected.js';
import { storeOutput } from '../storing/store-output.js';
import type { EventStore } from '@darkroom/event-store';
import { inSpan, type Logger, type ObjectStore, spanAttributes, spanNames } from '@darkroom/platform';
import type { Claim, WorkTable } from '@darkroom/work-table';
import { type Appended, appendDecided } from './append-decided.js';
import type { LoadedGeneration } from './load-generation.js';

/**
 * Called at a line where a crash is of interest. 13: the object is stored and its event not appended. 14: the link turned out
 * to be of no use and its event is not appended. What it throws ends the job there.
 */
export type CrashProbe = (line: 13 | 14, generation: string) => void | Promise<void>;

export interface StorePorts {
  readonly store: Pick<EventStore, 'readStream' | 'append'>;
  readonly work: Pick<WorkTable, 'move' | 'apply'>;
  readonly objects: ObjectStore;
  readonly fetching: FetchPorts;
  readonly now: () => number;
  readonly logger: Logger;
  readonly at: CrashProbe;
}

/** Nobody gave a link: the vendor made fewer than it said, or has none any more. */
const missing = ({ refreshes }: Output): OutputRejected =>
  refreshes === 0
    ? new OutputRejected('REJECTION_REASON_NOT_PRODUCED', 'the vendor gave no link')
    : new OutputRejected('REJECTION_REASON_LINK_EXPIRED', 'the vendor has no fresh link');

/** The link's server is in trouble, and the link young enough to be looked at again then. Milliseconds since the epoch. */
export interface Later {
  readonly lookAgainAt: number;
}

/** Fetches, verifies and stores one output, and says so in the log; or says why not. */
export async function storeOne(
  ports: StorePorts,
  claim: Claim,
  loaded: LoadedGeneration,
  wanted: { readonly attempt: number; readonly account: string; readonly output: Output },
  signal: AbortSignal,
): Promise<Appended | Later> {
  const { generation } = claim;
  const { attempt, account, output } = wanted;
  const { index } = output;
  const link = newestLink(loaded.events, { attempt, index, account });
  const fetched = link ? await fetchOutput(ports.fetching, link.source, output, signal) : missing(output);
  if (fetched instanceof OutputRejected) {
    const again = link && lookAgainAt(fetched, link, ports.now(), ports.fetching.limits.linkPatienceMs);
    if (again !== undefined) {
      ports.logger.info(
        { generation, index, detail: fetched.detail },
        'the link is in trouble; it is looked at again',
      );
      return { lookAgainAt: again };
    }
    await ports.at(14, generation);
    const { reason, detail } = fetched;
    const rejection = { type: 'reject-artifact', now: ports.now(), attempt, index, reason, detail } as const;
    return appendDecided(ports, claim, loaded, rejection, link?.eventId);
  }
  try {
    const { decoding, limits } = ports.fetching;
    const storing = { objects: ports.objects, decoding, maxPixels: limits.maxPixels };
    const attributes = { [spanAttributes.attempt]: attempt, [spanAttributes.outputIndex]: index };
    const stored = await inSpan(spanNames.putOutput, { attributes }, async () =>
      storeOutput(storing, { generation, attempt, index }, fetched),
    );
    signal.throwIfAborted();
    await ports.at(13, generation);
    const id = artifactId(generation, attempt, index, stored.sha256);
    const artifact = { attempt, index, artifactId: id, ...stored };
    return await appendDecided(
      ports,
      claim,
      loaded,
      { type: 'store-artifact', now: ports.now(), artifact },
      link?.eventId,
    );
  } finally {
    await fetched.file.discard();
  }
}
