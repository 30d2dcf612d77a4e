import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import { createGeneration, isPassing, type NewGeneration } from '../api/client.js';

/** Asking for pictures, and what became of the last time. */
export interface Asking {
  readonly ask: (wish: NewGeneration) => void;
  readonly pending: boolean;
  readonly error: Error | null;
}

/**
 * Asks for pictures. A wish keeps its idempotency key until it was acknowledged, so that trying again after a lost answer asks only
 * once; after that the same wish is a new request. While it is on its way, clicking again does nothing: the button may not have been
 * drawn as disabled yet.
 */
export function useAsking(onCreated: (id: string, wish: NewGeneration) => void): Asking {
  const keys = useRef(new Map<string, string>());
  const underWay = useRef(new Set<string>());
  const create = useMutation({
    mutationFn: async ({ wish, key }: Asked) => createGeneration(wish, key),
    retry: (failures, error) => failures < 4 && isPassing(error),
    onSuccess: (id, { wish, text }) => {
      keys.current.delete(text);
      onCreated(id, wish);
    },
    onSettled: (_id, _error, { text }) => void underWay.current.delete(text),
  });
  const ask = (wish: NewGeneration): void => {
    const text = JSON.stringify(wish);
    if (underWay.current.has(text)) return;
    underWay.current.add(text);
    const key = keys.current.get(text) ?? crypto.randomUUID();
    keys.current.set(text, key);
    create.mutate({ wish, text, key });
  };
  return { ask, pending: create.isPending, error: create.error };
}

interface Asked {
  readonly wish: NewGeneration;
  readonly text: string;
  readonly key: string;
}
