import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { countGenerations } from '../api/client.js';
import type { Counts } from '../api/schemas.js';
import { countOf } from './words.js';

/** The counts are a moment behind what the page sees happen: they are asked for when it has passed. */
const settleFor = 400;
const countEvery = { busy: 4_000, idle: 30_000 };

/**
 * How many there are at each status; undefined until it is known.
 * @param happened changes whenever something happened to a generation
 */
export function useCounts(happened: unknown): Counts | undefined {
  const { data, refetch } = useQuery({
    queryKey: ['counts'],
    queryFn: countGenerations,
    refetchInterval: ({ state }) =>
      state.data && countOf('open', state.data) === 0 ? countEvery.idle : countEvery.busy,
  });
  useEffect(() => {
    const timer = window.setTimeout(() => void refetch(), settleFor);
    return () => window.clearTimeout(timer);
  }, [happened, refetch]);
  return data;
}
