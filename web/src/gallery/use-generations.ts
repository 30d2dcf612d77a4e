import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { getGeneration, listGenerations } from '../api/client.js';
import { type FeedState, useLiveFeed } from '../api/live-feed.js';
import type { Generation } from '../api/schemas.js';
import { FetchQueue } from './fetch-queue.js';
import { useReasonEnds } from './use-reason-ends.js';
import { absorb, inOrder, renewLinks, type ShownGenerations } from './shown-generations.js';

const key = ['generations'];

/** How often the list is read again: as a net under the live feed, and in its place while it is down. */
const listEvery = { live: 30_000, down: 2_000 };

export interface Generations {
  generations: Generation[];
  error: Error | null;
  loading: boolean;
  feed: FeedState;
  hasMore: boolean;
  more: () => void;
  /** Shows what an own call answered. */
  show: (generation: Generation) => void;
  /** Something may have happened to it: it is fetched soon. */
  refresh: (id: string) => void;
  /** Its links have expired: it is fetched with fresh ones. */
  renew: (id: string) => void;
}

/** The tenant's generations, newest first, kept live by the feed, and by asking again while the feed is down. */
export function useGenerations(): Generations {
  const queries = useQueryClient();
  const [shown, setShown] = useState<ShownGenerations>(() => new Map());
  const show = useCallback(
    (generation: Generation) => setShown((before) => absorb(before, [generation])),
    [],
  );
  const resume = useCallback(() => void queries.invalidateQueries({ queryKey: key }), [queries]);
  const queue = useMemo(() => new FetchQueue((id) => getGeneration(id).then(show, resume)), [show, resume]);
  useEffect(() => () => queue.stop(), [queue]);
  const refresh = useCallback((id: string) => queue.add(id), [queue]);
  const renew = useCallback((id: string) => {
    getGeneration(id).then(
      (fresh) => setShown((before) => renewLinks(before, fresh)),
      () => undefined,
    );
  }, []);

  const [opened, setOpened] = useState(false);
  const feed = useLiveFeed(refresh, resume, opened);
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: async ({ pageParam }) => listGenerations(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: feed === 'live' ? listEvery.live : listEvery.down,
  });
  useEffect(() => {
    if (!query.data) return;
    setOpened(true);
    setShown((before) =>
      absorb(
        before,
        query.data.pages.flatMap((page) => page.data),
      ),
    );
  }, [query.data]);
  const generations = useMemo(() => inOrder(shown), [shown]);
  useReasonEnds(generations, refresh);
  return {
    generations,
    error: query.error,
    loading: query.isPending,
    feed,
    hasMore: query.hasNextPage,
    more: () => void query.fetchNextPage(),
    show,
    refresh,
    renew,
  };
}
