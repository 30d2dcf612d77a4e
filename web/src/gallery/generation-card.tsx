import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import { cancelGeneration } from '../api/client.js';
import type { Generation } from '../api/schemas.js';
import { Pictures } from './pictures.js';
import {
  attemptsSentence,
  canCancel,
  chargeSentence,
  duration,
  isFinal,
  missingSentence,
  nextStep,
  progressSentence,
  reasonSentence,
  wordsOf,
} from './words.js';

const badge: Record<Generation['status'], string> = {
  queued: 'bg-stone-200 text-stone-900 dark:bg-stone-700 dark:text-stone-100',
  processing: 'bg-amber-200 text-amber-950 dark:bg-amber-900 dark:text-amber-50',
  verifying: 'bg-sky-200 text-sky-950 dark:bg-sky-900 dark:text-sky-50',
  succeeded: 'bg-emerald-200 text-emerald-950 dark:bg-emerald-900 dark:text-emerald-50',
  failed: 'bg-red-200 text-red-950 dark:bg-red-900 dark:text-red-50',
  canceled: 'bg-stone-300 text-stone-900 dark:bg-stone-600 dark:text-stone-50',
};

interface CardActions {
  onChanged: (fresh: Generation) => void;
  onStale: (id: string) => void;
  onDeadLink: (id: string) => void;
}

/** One generation: its picture, or the truth about why there is none yet. */
export function GenerationCard({
  generation,
  now,
  onChanged,
  onStale,
  onDeadLink,
}: { generation: Generation; now: number } & CardActions) {
  const cancel = useMutation({
    mutationFn: async () => cancelGeneration(generation.id),
    onSuccess: onChanged,
    // It has ended meanwhile, most likely: show how.
    onError: () => onStale(generation.id),
  });
  const renewed = useRef(0);
  const prompt = generation.prompt ?? 'The prompt was erased.';
  return (
    <article
      className="flex flex-col overflow-hidden rounded-xl bg-white shadow-sm dark:bg-stone-900"
      aria-label={prompt}
      data-id={generation.id}
      data-status={generation.status}
    >
      <Pictures
        generation={generation}
        prompt={prompt}
        onDeadLink={() => {
          // A few times only: what cannot be loaded with a fresh link will not load with the next.
          if (renewed.current++ < 3) onDeadLink(generation.id);
        }}
      />
      <div className="flex flex-1 flex-col gap-2 p-4">
        <p className="line-clamp-3 break-words" dir="auto">
          {prompt}
        </p>
        <div className="flex flex-wrap items-center gap-2 text-sm">
          <span className={`rounded-full px-2 py-0.5 font-medium ${badge[generation.status]}`}>
            {wordsOf(generation.status)}
          </span>
          <span className="text-stone-600 dark:text-stone-400">{generation.model}</span>
        </div>
        <div className="text-sm text-stone-700 dark:text-stone-300">
          {isFinal(generation) ? (
            <Outcome generation={generation} />
          ) : (
            <Waiting generation={generation} now={now} />
          )}
        </div>
        {canCancel(generation) && (
          <button
            type="button"
            onClick={() => cancel.mutate()}
            disabled={cancel.isPending}
            aria-label={`Cancel: ${prompt}`}
            className="mt-auto self-start rounded-md border border-stone-400 px-3 py-1 text-sm hover:bg-stone-100 dark:border-stone-600 dark:hover:bg-stone-800"
          >
            Cancel
          </button>
        )}
        {cancel.error && !isFinal(generation) && (
          <p role="alert" className="text-sm text-red-800 dark:text-red-300">
            {cancel.error.message}
          </p>
        )}
      </div>
    </article>
  );
}

/** What it waits for and since when. The sentence is read out when it changes; what counts every second is not. */
function Waiting({ generation, now }: { generation: Generation; now: number }) {
  const details = [
    `Waiting for ${duration(now - Date.parse(generation.created_at))}.`,
    nextStep(generation, now),
    progressSentence(generation),
    attemptsSentence(generation.attempts),
  ];
  return (
    <>
      <p role="status">{reasonSentence(generation)}</p>
      <p>{details.filter((detail) => detail !== '').join(' ')}</p>
    </>
  );
}

/** How it ended, and whether that cost money. */
function Outcome({ generation }: { generation: Generation }) {
  const { error, charge, status } = generation;
  if (status === 'succeeded') {
    const took =
      Date.parse(generation.finished_at ?? generation.updated_at) - Date.parse(generation.created_at);
    const details = [
      `Took ${duration(took)}.`,
      missingSentence(generation),
      attemptsSentence(generation.attempts),
    ];
    return <p role="status">{details.filter((detail) => detail !== '').join(' ')}</p>;
  }
  const cost = error?.charge ?? charge;
  return (
    <div role="status">
      {error && <p>{error.message}</p>}
      {!error && status === 'canceled' && <p>Canceled on request.</p>}
      <p>
        {error && (
          <>
            <code className="text-xs">{error.code}</code>
            {' · '}
          </>
        )}
        {cost ? chargeSentence(cost) : ''}
      </p>
    </div>
  );
}
