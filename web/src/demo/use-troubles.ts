import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { causeTrouble, getTroubles } from '../api/client.js';
import type { Troubles } from '../api/schemas.js';

const key = ['troubles'];

/** What the visitor of a demo may do to its vendor; undefined everywhere else. */
export interface VendorTroubles extends Troubles {
  readonly error: Error | null;
  readonly cause: (id: string) => void;
}

/** Asks only where the page was told that it is a demo's, and takes it that it is none where the answer is no. */
export function useTroubles(): VendorTroubles | undefined {
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: key,
    queryFn: getTroubles,
    enabled: document.documentElement.hasAttribute('data-demo'),
    // Somebody else may have broken it meanwhile; to a key that may not, the answer stays no.
    refetchInterval: ({ state }) => (state.data ? 10_000 : false),
  });
  const { mutate, error } = useMutation({
    mutationFn: causeTrouble,
    onSuccess: (fresh) => queries.setQueryData(key, fresh),
  });
  return data && { ...data, error, cause: mutate };
}
