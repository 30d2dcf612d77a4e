import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Filter } from './address/address.js';
import { Link } from './address/link.js';
import { useAddress } from './address/use-address.js';
import { Announcements } from './announcements.js';
import { ApiError } from './api/client.js';
import type { FeedState } from './api/live-feed.js';
import { useTroubles } from './demo/use-troubles.js';
import { VendorButton, VendorPanel } from './demo/vendor-panel.js';
import { Gallery } from './gallery/gallery.js';
import { useCounts } from './generations/use-counts.js';
import { useGenerations } from './generations/use-generations.js';
import { useNow } from './generations/use-now.js';
import { isFinal, nameOf } from './generations/words.js';
import { OnePage } from './one/one-page.js';
import { KeyForm } from './session/key-form.js';

/** The whole page. */
export function App() {
  const address = useAddress();
  const queries = useQueryClient();
  const [filter, setFilter] = useState<Filter>('all');
  if (address.page === 'gallery' && address.filter !== filter) setFilter(address.filter);
  const generations = useGenerations(filter);
  const counts = useCounts(generations.seen);
  const now = useNow([...generations.seen.values()].some((generation) => !isFinal(generation)));
  const troubles = useTroubles();
  const [breaking, setBreaking] = useState(false);
  const needsKey = generations.error instanceof ApiError && generations.error.status === 401;

  const one = address.page === 'one' ? generations.seen.get(address.id) : undefined;
  const title = one ? `${nameOf(one).slice(0, 80)} · Darkroom` : 'Darkroom';
  useEffect(() => {
    document.title = title;
  }, [title]);

  return (
    <div className="mx-auto flex max-w-7xl flex-col gap-5 px-4 py-5 sm:px-6">
      <header className="flex flex-wrap items-center gap-x-5 gap-y-2">
        <Link
          to={{ page: 'gallery', filter: 'all' }}
          className="inline-flex items-center gap-2.5 text-lg font-semibold tracking-tight"
        >
          <img src="/icon.svg" alt="" className="size-7" />
          Darkroom
        </Link>
        <FeedMark feed={generations.feed} silent={needsKey} failing={generations.error !== null} />
        <div className="ml-auto flex flex-wrap items-center gap-2">
          <a href="/docs" className="text-muted hover:text-ink px-2 py-1.5 text-sm font-medium">
            API
          </a>
          {troubles && (
            <VendorButton troubles={troubles} open={breaking} onToggle={() => setBreaking(!breaking)} />
          )}
        </div>
      </header>
      {troubles && breaking && <VendorPanel troubles={troubles} />}
      <main>
        {needsKey && <KeyForm onOpened={() => void queries.resetQueries()} />}
        {!needsKey && address.page === 'gallery' && (
          <Gallery filter={filter} generations={generations} counts={counts} now={now} />
        )}
        {!needsKey && address.page === 'one' && (
          <OnePage id={address.id} cameFrom={filter} generations={generations} now={now} key={address.id} />
        )}
      </main>
      <Announcements seen={generations.seen} />
    </div>
  );
}

/** Whether the page hears of what happens as it happens. */
function FeedMark({ feed, silent, failing }: { feed: FeedState; silent: boolean; failing: boolean }) {
  const live = feed === 'live' && !failing;
  const lost = feed === 'lost' && !silent;
  return (
    <p className="text-muted inline-flex items-center gap-2 text-sm" role="status">
      {(live || lost) && (
        <span
          className={`size-2 rounded-full ${live ? 'bg-succeeded' : 'bg-processing'}`}
          aria-hidden="true"
        />
      )}
      {live && <span>Live</span>}
      {lost && <span>Connection lost, trying again …</span>}
    </p>
  );
}
