import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Filter } from '../address/address.js';
import { Link } from '../address/link.js';
import { goTo } from '../address/use-address.js';
import { ApiError, getGeneration, isPassing } from '../api/client.js';
import type { Generation } from '../api/schemas.js';
import { CancelButton, TryAgainButton } from '../generations/actions.js';
import type { Generations } from '../generations/use-generations.js';
import {
  attemptsSentence,
  canCancel,
  canTryAgain,
  chargeSentence,
  duration,
  isErased,
  isFinal,
  missingSentence,
  tookMs,
  wordsOfFilter,
} from '../generations/words.js';
import { BackIcon } from '../ui/icons.js';
import { StatusMark } from '../ui/status-mark.js';
import { EraseButton } from './erase.js';
import { Facts } from './facts.js';
import { History } from './history.js';
import { Prints } from './prints.js';
import { Prompt } from './prompt.js';
import { Steps } from './steps.js';

/** All there is to know of one generation. */
export function OnePage({
  id,
  cameFrom,
  generations,
  now,
}: {
  id: string;
  cameFrom: Filter;
  generations: Generations;
  now: number;
}) {
  const { seen, show } = generations;
  const query = useQuery({
    queryKey: ['generation', id],
    queryFn: async () => getGeneration(id),
    refetchInterval: ({ state }) => (state.status === 'error' && isPassing(state.error) ? 3_000 : false),
  });
  const error = query.error ?? query.failureReason;
  useEffect(() => {
    if (query.data) show(query.data);
  }, [query.data, show]);
  const generation = seen.get(id) ?? query.data;
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <div className="flex flex-col items-start gap-4">
      <Link
        to={{ page: 'gallery', filter: cameFrom }}
        className="text-muted hover:text-ink inline-flex min-h-9 items-center gap-2 text-sm font-medium"
      >
        <BackIcon /> {cameFrom === 'all' ? 'All pictures' : wordsOfFilter(cameFrom)}
      </Link>
      {generation && <One generation={generation} generations={generations} now={now} />}
      {!generation && missing && <h1 className="text-2xl font-semibold">There is no such generation.</h1>}
      {!generation && error && !missing && (
        <p role="alert" className="text-alarm">
          {error.message}
        </p>
      )}
      {!generation && !error && <p role="status">Loading …</p>}
    </div>
  );
}

function One({
  generation,
  generations,
  now,
}: {
  generation: Generation;
  generations: Generations;
  now: number;
}) {
  const { show, refresh, renew } = generations;
  const title = useRef<HTMLHeadingElement>(null);
  const { id } = generation;
  useEffect(() => {
    scrollTo(0, 0);
    title.current?.focus({ preventScroll: true });
  }, [id]);
  return (
    <article
      className="grid w-full items-start gap-x-8 gap-y-6 lg:grid-cols-[minmax(0,1.35fr)_minmax(0,1fr)]"
      aria-labelledby="title"
      data-id={id}
      data-status={generation.status}
    >
      <Prints generation={generation} now={now} onDeadLink={() => renew(id)} />
      <div className="flex min-w-0 flex-col gap-6">
        <header className="flex flex-col gap-2">
          <p className="text-sm">
            <StatusMark status={generation.status} />
          </p>
          <Prompt generation={generation} heading={title} />
          <Outcome generation={generation} />
        </header>
        <div className="flex flex-wrap gap-2 empty:hidden">
          {canCancel(generation) && (
            <CancelButton generation={generation} onChanged={show} onStale={refresh} />
          )}
          {canTryAgain(generation) && (
            <TryAgainButton
              generation={generation}
              onCreated={(fresh) => {
                refresh(fresh);
                goTo({ page: 'one', id: fresh });
              }}
            />
          )}
          {isFinal(generation) && !isErased(generation) && (
            <EraseButton generation={generation} onErased={() => refresh(id)} />
          )}
        </div>
        <Steps generation={generation} />
        <Facts generation={generation} />
        <History generation={generation} />
      </div>
    </article>
  );
}

/** How it ended, and whether that cost money. */
function Outcome({ generation }: { generation: Generation }) {
  const { status, error, charge } = generation;
  if (!isFinal(generation)) return null;
  if (status === 'succeeded') {
    const parts = [
      `Took ${duration(tookMs(generation))}.`,
      missingSentence(generation),
      attemptsSentence(generation.attempts),
    ];
    return <p className="text-muted">{parts.filter((part) => part !== '').join(' ')}</p>;
  }
  const cost = error?.charge ?? charge;
  return (
    <p className="text-muted">
      {cost ? chargeSentence(cost) : ''}
      {canTryAgain(generation) && cost !== 'none'
        ? ' Trying again is a new request, charged on its own.'
        : ''}
    </p>
  );
}
