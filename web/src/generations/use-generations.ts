import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { type Filter, statusesOf } from '../address/address.js';
import { getGeneration, listGenerations } from '../api/client.js';
import { type FeedState, useLiveFeed } from '../api/live-feed.js';
import type { Generation } from '../api/schemas.js';
import { FetchQueue } from './fetch-queue.js';
import { absorb, inOrder, renewLinks, type ShownGenerations, within } from './shown-generations.js';
import { useReasonEnds } from './use-reason-ends.js';

const key = ['generations'];

/** How often the list is read again: as a net under the live feed, and in its place while it is down. */
const listEvery = { live: 30_000, down: 2_000 };

export interface Generations {
  /** Those of the filter, as far as pages were read. */
  readonly listed: readonly Generation[];
  /** Every one that the page has seen. */
  readonly seen: ShownGenerations;
  readonly error: Error | null;
  readonly loading: boolean;
  readonly feed: FeedState;
  readonly hasMore: boolean;
  readonly loadingMore: boolean;
  readonly more: () => void;
  /** Reads the list now, and not only when it is due. */
  readonly tryNow: () => void;
  /** Shows what an own call answered. */
  readonly show: (generation: Generation) => void;
  /** Something may have happened to it: it is fetched soon. */
  readonly refresh: (id: string) => void;
  /** Its links have expired: it is fetched with fresh ones. */
  readonly renew: (id: string) => void;
}

/** The tenant's generations, newest first, kept live by the feed, and by asking again while the feed is down. */
export function useGenerations(filter: Filter): Generations {
  const queries = useQueryClient();
  const [seen, setSeen] = useState<ShownGenerations>(() => new Map());
  const show = useCallback((generation: Generation) => setSeen((before) => absorb(before, [generation])), []);
  const resume = useCallback(() => void queries.invalidateQueries({ queryKey: key }), [queries]);
  const queue = useMemo(() => new FetchQueue((id) => getGeneration(id).then(show, resume)), [show, resume]);
  useEffect(() => () => queue.stop(), [queue]);
  const refresh = useCallback((id: string) => queue.add(id), [queue]);
  const renew = useCallback((id: string) => {
    getGeneration(id).then(
      (fresh) => setSeen((before) => renewLinks(before, fresh)),
      () => undefined,
    );
  }, []);

  const [opened, setOpened] = useState(false);
  const feed = useLiveFeed(refresh, resume, opened);
  const statuses = statusesOf[filter];
  const query = useInfiniteQuery({
    queryKey: [...key, filter],
    queryFn: async ({ pageParam }) => listGenerations({ after: pageParam, statuses }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: feed === 'live' ? listEvery.live : listEvery.down,
  });
  // A list that was never read loses its error whenever it is tried again: what is said must not flicker.
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    if (query.error) setError(query.error);
    else if (query.isSuccess) setError(null);
  }, [query.error, query.isSuccess]);
  const pages = query.data?.pages;
  useEffect(() => {
    if (!pages) return;
    setOpened(true);
    setSeen((before) =>
      absorb(
        before,
        pages.flatMap((page) => page.data),
      ),
    );
  }, [pages]);
  const all = useMemo(() => inOrder(seen), [seen]);
  useReasonEnds(all, refresh);
  const listed = useMemo(() => {
    const last = query.hasNextPage ? pages?.at(-1)?.data.at(-1) : undefined;
    return within(all, statuses, last);
  }, [all, statuses, pages, query.hasNextPage]);
  return {
    listed,
    seen,
    error,
    loading: query.isPending && error === null,
    feed,
    hasMore: query.hasNextPage,
    loadingMore: query.isFetchingNextPage,
    more: () => void query.fetchNextPage(),
    tryNow: resume,
    show,
    refresh,
    renew,
  };
}
