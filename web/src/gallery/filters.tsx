import { type Filter, filters } from '../address/address.js';
import { Link } from '../address/link.js';
import type { Counts } from '../api/schemas.js';
import { countOf, wordsOfFilter } from '../generations/words.js';

/** Which generations are shown, and how many there are of each kind. */
export function Filters({ current, counts }: { current: Filter; counts: Counts | undefined }) {
  return (
    <nav aria-label="Show">
      <ul className="flex flex-wrap gap-1 sm:gap-2">
        {filters.map((filter) => (
          <li key={filter}>
            <Link
              to={{ page: 'gallery', filter }}
              aria-current={filter === current ? 'page' : undefined}
              className="border-line bg-surface hover:border-control aria-[current]:bg-ink aria-[current]:border-ink aria-[current]:text-paper inline-flex min-h-9 items-center gap-1.5 rounded-full border px-2.5 text-[0.8125rem] font-medium sm:px-3.5 sm:text-sm motion-safe:transition-colors"
            >
              {wordsOfFilter(filter)}
              {counts && (
                <span className="tabular-nums opacity-75" data-count={filter}>
                  {countOf(filter, counts).toLocaleString('en')}
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
