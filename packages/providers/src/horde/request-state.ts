import type { JobState } from '../provider-adapter.js';
import { type Usable, usableOutputs } from '../usable-outputs.js';
import { vendorLink, vendorText } from '../vendor-text.js';
import { censorshipSchema, type Check, type Generation, generationSchema, type Status } from './schemas.js';

/** Whether it has an end: all is drawn or dropped, or three workers have failed, and no fourth is at it, whose picture would count. */
export const isOver = ({ done, faulted, processing }: Check): boolean =>
  (done || faulted === true) && !processing;

/**
 * A request that goes on. Also where nobody could draw it (`is_possible`): it waits for a worker who can, and as long as it waits it may be
 * drawn. Who took that for its end would submit another beside it.
 */
export function openState({ processing, queue_position, is_possible }: Check): JobState {
  const isDrawn = (processing ?? 0) > 0;
  return {
    kind: 'open',
    stage: isDrawn ? 'running' : 'queued',
    percent: null,
    queuePosition: isDrawn ? null : (queue_position ?? null),
    vendorStatus: isDrawn ? 'processing' : is_possible === false ? 'is_possible: false' : 'waiting',
    statusKnown: true,
  };
}

/** What has come of a request that is over. Pictures count however it ended: it may be called faulted after a worker drew it. */
export function endOf(status: Status): JobState {
  const drawn = status.generations.map((entry) => generationSchema.safeParse(entry).data ?? {});
  const unknown = drawn.find(({ state }) => state && !knownWords.has(state.toLowerCase()));
  if (unknown !== undefined)
    return {
      kind: 'open',
      stage: 'running',
      percent: null,
      queuePosition: null,
      vendorStatus: vendorText(unknown.state, 60),
      statusKnown: false,
    };
  const censored = drawn.map(censorshipOf);
  const pictures = usableOutputs(drawn, ({ img }, nth) =>
    censored[nth] === undefined ? pictureOf(img) : undefined,
  );
  if (pictures.outputs.length === 0) {
    const vendorCode = censored.find((word) => word !== undefined);
    if (vendorCode !== undefined)
      return {
        kind: 'failed',
        end: 'ATTEMPT_END_MODERATED',
        failureClass: 'FAILURE_CLASS_CONTENT_REJECTED',
        vendorCode,
        vendorMessage: '',
      };
    if (status.faulted)
      return {
        kind: 'failed',
        end: 'ATTEMPT_END_VENDOR_FAILED',
        failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
        vendorCode: 'faulted',
        vendorMessage: '',
      };
    // Dropped before anybody drew anything.
    if (drawn.length === 0) return { kind: 'canceled', isFree: true };
  }
  return { kind: 'produced', ...pictures };
}

const knownWords: ReadonlySet<string> = new Set(['ok', 'censored', 'csam']);

/** Why something else was put in the place of a picture; undefined: it was not. */
function censorshipOf({ state, censored, gen_metadata }: Generation): string | undefined {
  const [told] = (gen_metadata ?? []).flatMap((entry) => censorshipSchema.safeParse(entry).data ?? []);
  if (told === undefined && !censored && (!state || state.toLowerCase() === 'ok')) return undefined;
  return vendorText(told?.value ?? state, 100)
    .toLowerCase()
    .replace(/^(ok)?$/, 'censored');
}

function pictureOf(img: string | null | undefined): Usable | undefined {
  const url = vendorLink(img);
  return url === undefined ? undefined : { source: { kind: 'link', url } };
}
