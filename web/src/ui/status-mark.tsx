import type { Generation } from '../api/schemas.js';
import { wordsOf } from '../generations/words.js';

const dots: Record<Generation['status'], string> = {
  queued: 'bg-queued',
  processing: 'bg-processing',
  verifying: 'bg-verifying',
  succeeded: 'bg-succeeded',
  failed: 'bg-failed',
  canceled: 'bg-canceled',
};

/** The status word, with a dot of its colour: never the colour alone. */
export function StatusMark({ status }: { status: Generation['status'] }) {
  return (
    <span className="inline-flex items-center gap-1.5 font-medium">
      <span className={`size-2 shrink-0 rounded-full ${dots[status]}`} aria-hidden="true" />
      {wordsOf(status)}
    </span>
  );
}
