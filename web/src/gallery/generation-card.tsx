import { useMutation } from '@tanstack/react-query';
import { cancelGeneration } from '../api/client.js';
import type { Artifact, Generation } from '../api/schemas.js';
import { attemptsSentence, canCancel, chargeSentence, duration, isFinal, wordsOf } from './words.js';

const badge: Record<Generation['status'], string> = {
  queued: 'bg-stone-200 text-stone-900 dark:bg-stone-700 dark:text-stone-100',
  processing: 'bg-amber-200 text-amber-950 dark:bg-amber-900 dark:text-amber-50',
  verifying: 'bg-sky-200 text-sky-950 dark:bg-sky-900 dark:text-sky-50',
  succeeded: 'bg-emerald-200 text-emerald-950 dark:bg-emerald-900 dark:text-emerald-50',
  failed: 'bg-red-200 text-red-950 dark:bg-red-900 dark:text-red-50',
  canceled: 'bg-stone-300 text-stone-900 dark:bg-stone-600 dark:text-stone-50',
};

/** One generation: its picture, or the truth about why there is none yet. */
export function GenerationCard({
  generation,
  now,
  onChanged,
}: {
  generation: Generation;
  now: number;
  onChanged: (fresh: Generation) => void;
}) {
  const cancel = useMutation({
    mutationFn: async () => cancelGeneration(generation.id),
    onSuccess: onChanged,
  });
  const prompt = generation.prompt ?? 'The prompt was erased.';
  return (
    <article
      className="flex flex-col overflow-hidden rounded-xl bg-white shadow-sm dark:bg-stone-900"
      aria-label={prompt}
      data-id={generation.id}
      data-status={generation.status}
    >
      <Pictures generation={generation} prompt={prompt} />
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
        <div className="text-sm text-stone-700 dark:text-stone-300" aria-live="polite">
          <Story generation={generation} now={now} />
        </div>
        {canCancel(generation) && (
          <button
            type="button"
            onClick={() => cancel.mutate()}
            disabled={cancel.isPending}
            className="mt-auto self-start rounded-md border border-stone-400 px-3 py-1 text-sm hover:bg-stone-100 dark:border-stone-600 dark:hover:bg-stone-800"
          >
            Cancel
          </button>
        )}
        {cancel.error && (
          <p role="alert" className="text-sm text-red-800 dark:text-red-300">
            {cancel.error.message}
          </p>
        )}
      </div>
    </article>
  );
}

/** What it waits for and since when; how it ended and whether that cost money. */
function Story({ generation, now }: { generation: Generation; now: number }) {
  const started = Date.parse(generation.created_at);
  const { error, status_reason: reason } = generation;
  if (generation.status === 'failed' && error) {
    return (
      <>
        <p>{error.message}</p>
        <p>
          <code className="text-xs">{error.code}</code> · {chargeSentence(error.charge)}
        </p>
      </>
    );
  }
  if (generation.status === 'canceled')
    return <p>{generation.charge ? chargeSentence(generation.charge) : 'Canceled on request.'}</p>;
  if (isFinal(generation)) {
    const seconds = Date.parse(generation.finished_at ?? generation.updated_at) - started;
    return (
      <p>
        Took {duration(seconds)}. {attemptsSentence(generation.attempts)}
      </p>
    );
  }
  const percent = generation.progress?.percent;
  return (
    <>
      {reason && <p>{reason.message}</p>}
      <p>
        Since {duration(now - started)}
        {typeof percent === 'number' ? `, ${percent} % done` : ''}. {attemptsSentence(generation.attempts)}
      </p>
    </>
  );
}

function Pictures({ generation, prompt }: { generation: Generation; prompt: string }) {
  if (generation.artifacts.length > 0) {
    const columns = generation.artifacts.length > 1 ? 'grid-cols-2' : 'grid-cols-1';
    return (
      <div className={`grid ${columns} gap-px bg-stone-200 dark:bg-stone-800`}>
        {generation.artifacts.map((artifact) => (
          <Picture key={artifact.id} artifact={artifact} prompt={prompt} />
        ))}
      </div>
    );
  }
  if (isFinal(generation)) {
    return (
      <div className="grid h-24 place-items-center bg-stone-200 text-sm text-stone-700 dark:bg-stone-800 dark:text-stone-300">
        No picture
      </div>
    );
  }
  return (
    <div
      className="developing aspect-square bg-gradient-to-br from-stone-400 to-red-900"
      aria-hidden="true"
    />
  );
}

function Picture({ artifact, prompt }: { artifact: Artifact; prompt: string }) {
  return (
    <a
      href={artifact.content_url}
      download={`${artifact.id}.${artifact.media_type.split('/')[1] ?? 'png'}`}
      title="Download the picture"
    >
      <img
        src={artifact.content_url}
        width={artifact.width}
        height={artifact.height}
        alt={prompt}
        loading="lazy"
        className="h-auto w-full"
      />
    </a>
  );
}
