import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from '../address/link.js';
import { cancelGeneration, type NewGeneration } from '../api/client.js';
import type { Generation } from '../api/schemas.js';
import { AgainIcon } from '../ui/icons.js';
import { useAsking } from './use-asking.js';
import { nameOf } from './words.js';

function Refusal({ error }: { error: Error | null }) {
  return error ? (
    <p role="alert" className="text-alarm w-full text-sm">
      {error.message}
    </p>
  ) : null;
}

/** Asks to cancel: the provider has the last word, so that the card goes on telling how it stands. */
export function CancelButton({
  generation,
  onChanged,
  onStale,
}: {
  generation: Generation;
  onChanged: (fresh: Generation) => void;
  onStale: (id: string) => void;
}) {
  const cancel = useMutation({
    mutationFn: async () => cancelGeneration(generation.id),
    onSuccess: onChanged,
    // It has ended meanwhile, most likely: show how.
    onError: () => onStale(generation.id),
  });
  return (
    <>
      <button
        type="button"
        onClick={() => cancel.mutate()}
        disabled={cancel.isPending}
        aria-label={`Cancel: ${nameOf(generation)}`}
        className="button"
      >
        Cancel
      </button>
      <Refusal error={cancel.error} />
    </>
  );
}

/**
 * The same wish once more, as a new request. Without the seed: nobody knows whether it was the client's, and two requests that are the
 * same to the last digit could not be told apart at the provider.
 */
export function wishOf(generation: Generation): NewGeneration {
  const { prompt, model, requested, metadata } = generation;
  return {
    prompt: prompt ?? '',
    model,
    size: requested.size,
    count: requested.count,
    output_format: requested.output_format,
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}

/** Asks for the same again; says then where the new one is. */
export function TryAgainButton({
  generation,
  onCreated,
}: {
  generation: Generation;
  onCreated: (id: string) => void;
}) {
  const [fresh, setFresh] = useState<string>();
  const { ask, pending, error } = useAsking((id) => {
    setFresh(id);
    onCreated(id);
  });
  if (fresh !== undefined)
    return (
      <p role="status" className="text-sm">
        Asked again as a new request.{' '}
        <Link to={{ page: 'one', id: fresh }} className="font-medium underline">
          See the new try
        </Link>
      </p>
    );
  return (
    <>
      <button
        type="button"
        onClick={() => ask(wishOf(generation))}
        disabled={pending}
        aria-label={`Try again: ${nameOf(generation)}`}
        className="button"
      >
        <AgainIcon />
        {pending ? 'Asking …' : 'Try again'}
      </button>
      <Refusal error={error} />
    </>
  );
}
