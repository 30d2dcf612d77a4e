import { useLayoutEffect, useState } from 'react';
import type { Filter } from '../address/address.js';
import { takeLeft } from '../address/use-address.js';
import type { Counts } from '../api/schemas.js';
import type { Generations } from '../generations/use-generations.js';
import { Filters } from './filters.js';
import { GenerationCard } from './generation-card.js';
import { NothingHere } from './nothing-here.js';
import { PromptForm } from './prompt-form.js';
import { Unreachable } from './unreachable.js';

/** The prompt box, and a card for each generation. */
export function Gallery({
  filter,
  generations,
  counts,
  now,
}: {
  filter: Filter;
  generations: Generations;
  counts: Counts | undefined;
  now: number;
}) {
  const { listed, error, loading, hasMore, loadingMore, more, tryNow, show, refresh, renew } = generations;
  const [prompt, setPrompt] = useState('');
  useLayoutEffect(() => {
    const { y, id } = takeLeft();
    if (id !== null)
      document
        .querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] h2 a`)
        ?.focus({ preventScroll: true });
    if (y > 0) scrollTo(0, y);
  }, []);
  return (
    <div className="flex flex-col gap-5">
      <h1 className="sr-only">Pictures</h1>
      <PromptForm prompt={prompt} onPrompt={setPrompt} onCreated={refresh} />
      <Filters current={filter} counts={counts} />
      {error && <Unreachable error={error} onTryNow={tryNow} alone={listed.length === 0} />}
      {!loading && !error && listed.length === 0 && !hasMore && (
        <NothingHere
          filter={filter}
          onIdea={(idea) => {
            setPrompt(idea);
            document.getElementById('prompt')?.focus();
          }}
        />
      )}
      <section
        id="pictures"
        aria-label="Pictures"
        aria-busy={loading}
        className="grid grid-cols-[repeat(auto-fill,minmax(min(17rem,100%),1fr))] gap-5"
      >
        {listed.map((generation) => (
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
        <button type="button" onClick={more} disabled={loadingMore} className="button self-center">
          {loadingMore ? 'Loading …' : 'Show older ones'}
        </button>
      )}
    </div>
  );
}
