import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { createGeneration, isPassing, listModels, type NewGeneration } from '../api/client.js';
import type { Model } from '../api/schemas.js';
import { priceWords } from './words.js';

const sizes = ['512x512', '1024x1024', '1536x1024', '1024x1536', '2048x2048'];
const field = 'rounded-md border border-stone-500 bg-white px-3 py-2 dark:border-stone-500 dark:bg-stone-900';

function takesSize(model: Model, size: string): boolean {
  return size
    .split('x')
    .map(Number)
    .every((side) => side >= model.limits.min_side && side <= model.limits.max_side);
}

/** The prompt box. A click keeps its idempotency key until it was acknowledged, so that trying again asks only once. */
export function PromptForm({ onCreated }: { onCreated: (id: string) => void }) {
  const [prompt, setPrompt] = useState('');
  const [chosen, setChosen] = useState('');
  const [size, setSize] = useState('1024x1024');
  const [count, setCount] = useState(1);
  const click = useRef<{ wish: string; key: string } | null>(null);
  const models = useQuery({ queryKey: ['models'], queryFn: listModels, staleTime: 300_000 });
  const model =
    models.data?.find(({ id }) => id === chosen) ??
    models.data?.find((one) => one.default) ??
    models.data?.[0];
  const counts = Array.from({ length: Math.min(4, model?.limits.max_count ?? 1) }, (_, index) => index + 1);
  const create = useMutation({
    mutationFn: async (wish: NewGeneration) => {
      const text = JSON.stringify(wish);
      if (click.current?.wish !== text) click.current = { wish: text, key: crypto.randomUUID() };
      return createGeneration(wish, click.current.key);
    },
    retry: (failures, error) => failures < 4 && isPassing(error),
    onSuccess: (id) => {
      click.current = null;
      setPrompt('');
      onCreated(id);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (prompt.trim() !== '' && model && !create.isPending)
      create.mutate({ prompt, model: model.id, size, count });
  };
  return (
    <form
      onSubmit={submit}
      className="rounded-xl bg-white p-4 shadow-sm dark:bg-stone-900"
      aria-label="New pictures"
    >
      <label htmlFor="prompt" className="font-medium">
        What should be in the picture?
      </label>
      <textarea
        id="prompt"
        value={prompt}
        onChange={(event) => setPrompt(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) submit(event);
        }}
        rows={2}
        maxLength={8000}
        required
        className={`${field} mt-1 block w-full resize-y placeholder:text-stone-500 dark:placeholder:text-stone-400`}
        placeholder="a red bicycle in the rain"
      />
      <div className="mt-3 flex flex-wrap items-end gap-3">
        <div className="flex min-w-32 flex-1 flex-col text-sm">
          <label htmlFor="model">Model</label>
          <select
            id="model"
            value={model?.id ?? ''}
            onChange={(event) => setChosen(event.target.value)}
            className={field}
          >
            {(models.data ?? []).map(({ id }) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </div>
        <div className="flex flex-col text-sm">
          <label htmlFor="size">Size</label>
          <select id="size" value={size} onChange={(event) => setSize(event.target.value)} className={field}>
            {sizes
              .filter((choice) => !model || takesSize(model, choice))
              .map((choice) => (
                <option key={choice} value={choice}>
                  {choice.replace('x', ' × ')}
                </option>
              ))}
          </select>
        </div>
        <div className="flex flex-col text-sm">
          <label htmlFor="pictures">Pictures</label>
          <select
            id="pictures"
            value={count}
            onChange={(event) => setCount(Number(event.target.value))}
            className={field}
          >
            {counts.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        </div>
        <button
          type="submit"
          disabled={create.isPending || prompt.trim() === '' || !model}
          className="rounded-md bg-red-800 px-5 py-2 font-medium text-white hover:bg-red-900 disabled:bg-stone-300 disabled:text-stone-700 dark:disabled:bg-stone-700 dark:disabled:text-stone-300"
        >
          {create.isPending ? 'Asking …' : 'Generate'}
        </button>
      </div>
      {model?.price && (
        <p className="mt-2 text-sm text-stone-600 dark:text-stone-400">
          The provider charges about {priceWords(model.price, count)}.
        </p>
      )}
      {create.error && (
        <p role="alert" className="mt-3 text-sm text-red-800 dark:text-red-300">
          {create.error.message}
          {isPassing(create.error) && ' You can press Generate again; the same request is never made twice.'}
        </p>
      )}
    </form>
  );
}
