import { useQueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/client.js';
import { GenerationCard } from './generation-card.js';
import { KeyForm } from './key-form.js';
import { PromptForm } from './prompt-form.js';
import { useGenerations } from './use-generations.js';
import { useNow } from './use-now.js';
import { isFinal } from './words.js';

/** The page: a prompt box, and a card for each generation. */
export function Gallery() {
  const queries = useQueryClient();
  const { generations, error, loading, feed, hasMore, more, show, refresh, renew } = useGenerations();
  const now = useNow(generations.some((generation) => !isFinal(generation)));
  const needsKey = error instanceof ApiError && error.status === 401;
  return (
    <div className="mx-auto max-w-6xl p-4">
      <header className="mb-4 flex items-baseline justify-between gap-4">
        <h1 className="text-xl font-semibold">Darkroom</h1>
        <p className="text-sm text-stone-600 dark:text-stone-400" role="status">
          {feed === 'live' && !error ? 'Live' : ''}
          {feed === 'lost' && !needsKey ? 'Connection lost, trying again …' : ''}
        </p>
      </header>
      <main className="flex flex-col gap-4">
        {needsKey ? (
          <KeyForm onOpened={() => void queries.resetQueries()} />
        ) : (
          <PromptForm onCreated={refresh} />
        )}
        {error && !needsKey && (
          <p role="alert" className="text-red-800 dark:text-red-300">
            {error.message}
          </p>
        )}
        {!loading && !error && generations.length === 0 && (
          <p className="py-12 text-center text-stone-600 dark:text-stone-400">
            No pictures yet. Ask for the first one above.
          </p>
        )}
        <section
          aria-label="Pictures"
          className="grid grid-cols-1 items-start gap-4 sm:grid-cols-2 lg:grid-cols-3"
        >
          {generations.map((generation) => (
            <GenerationCard
              key={generation.id}
              generation={generation}
              now={now}
              onChanged={show}
              onStale={refresh}
              onDeadLink={renew}
            />
          ))}
        </section>
        {hasMore && (
          <button
            type="button"
            onClick={more}
            className="self-center rounded-md border border-stone-400 px-4 py-2 dark:border-stone-600"
          >
            Show older ones
          </button>
        )}
      </main>
    </div>
  );
}
