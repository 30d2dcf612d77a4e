import type { Filter } from '../address/address.js';
import { Link } from '../address/link.js';

const ideas = ['a red bicycle in the rain', 'a lighthouse at dusk', 'three pears on a blue cloth'];

const words: Record<Exclude<Filter, 'all'>, string> = {
  open: 'Nothing is in progress.',
  succeeded: 'Nothing has succeeded yet.',
  failed: 'Nothing has failed.',
  canceled: 'Nothing was canceled.',
};

/** Says that there is nothing, and what to do about it. */
export function NothingHere({ filter, onIdea }: { filter: Filter; onIdea: (prompt: string) => void }) {
  if (filter !== 'all')
    return (
      <p className="text-muted py-16 text-center">
        {words[filter]}{' '}
        <Link to={{ page: 'gallery', filter: 'all' }} className="text-ink underline">
          Show all
        </Link>
      </p>
    );
  return (
    <div className="border-line flex flex-col items-center gap-5 rounded-2xl border border-dashed px-4 py-14 text-center">
      <div
        className="tray relative grid h-28 w-36 place-items-center overflow-hidden rounded-lg"
        aria-hidden="true"
      >
        <div className="tray-glow developing absolute inset-0" />
        <div className="tray-sheet relative size-14" />
      </div>
      <div>
        <h2 className="text-lg font-medium">No pictures yet</h2>
        <p className="text-muted">Ask for the first one above, or start from one of these.</p>
      </div>
      <ul className="flex flex-wrap justify-center gap-2">
        {ideas.map((idea) => (
          <li key={idea}>
            <button type="button" className="button" onClick={() => onIdea(idea)}>
              {idea}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
