import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useCallback } from 'react';
import { getGeneration, listGenerations } from '../api/client.js';
import { type FeedState, useLiveFeed } from '../api/live-feed.js';
import type { Generation } from '../api/schemas.js';

type Pages = InfiniteData<{ data: Generation[]; next: string | null }, string | null>;
const key = ['generations'];

const isNewer = (a: Generation, b: Generation): boolean =>
  a.run > b.run || (a.run === b.run && a.version >= b.version);

/** Puts a generation where it belongs; what is older than what is shown is dropped, so that no card goes back. */
function merged(pages: Pages, fresh: Generation): Pages {
  let known = false;
  const updated = pages.pages.map((page) => ({
    ...page,
    data: page.data.map((shown) => {
      if (shown.id !== fresh.id) return shown;
      known = true;
      return isNewer(fresh, shown) ? fresh : shown;
    }),
  }));
  const [first, ...rest] = updated;
  if (known || !first) return { ...pages, pages: updated };
  return { ...pages, pages: [{ ...first, data: [fresh, ...first.data] }, ...rest] };
}

/** The tenant's generations, newest first, kept live by the feed, and by asking again while the feed is down. */
export function useGenerations(enabled: boolean): {
  generations: Generation[];
  error: Error | null;
  loading: boolean;
  feed: FeedState;
  hasMore: boolean;
  more: () => void;
  show: (generation: Generation) => void;
  refresh: (id: string) => void;
} {
  const queries = useQueryClient();
  const show = useCallback(
    (generation: Generation) => {
      queries.setQueryData<Pages>(key, (pages) => (pages ? merged(pages, generation) : pages));
    },
    [queries],
  );
  const refresh = useCallback(
    (id: string) => {
      getGeneration(id).then(show, () => queries.invalidateQueries({ queryKey: key }));
    },
    [queries, show],
  );
  const resume = useCallback(() => void queries.invalidateQueries({ queryKey: key }), [queries]);
  const feed = useLiveFeed(refresh, resume, enabled);
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: async ({ pageParam }) => listGenerations(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled,
    refetchInterval: feed === 'live' ? 30_000 : 2_000,
  });
  return {
    generations: query.data?.pages.flatMap((page) => page.data) ?? [],
    error: query.error,
    loading: query.isPending,
    feed,
    hasMore: query.hasNextPage,
    more: () => void query.fetchNextPage(),
    show,
    refresh,
  };
}
