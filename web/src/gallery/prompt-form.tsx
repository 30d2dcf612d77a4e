import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { createGeneration, listModels, type NewGeneration } from '../api/client.js';

const sizes = ['512x512', '1024x1024', '1536x1024', '1024x1536'];
const field = 'rounded-md border border-stone-400 bg-white px-3 py-2 dark:border-stone-600 dark:bg-stone-900';

/** The prompt box. A click keeps its idempotency key until it was acknowledged, so that trying again asks only once. */
export function PromptForm({ onCreated }: { onCreated: (id: string) => void }) {
  const [prompt, setPrompt] = useState('');
  const [model, setModel] = useState('sim/standard');
  const [size, setSize] = useState('1024x1024');
  const [count, setCount] = useState(1);
  const pending = useRef<{ wish: string; key: string } | null>(null);
  const models = useQuery({ queryKey: ['models'], queryFn: listModels, staleTime: 300_000 });
  const choices = models.data && models.data.length > 0 ? models.data : [model];
  const create = useMutation({
    mutationFn: async (wish: NewGeneration) => {
      const text = JSON.stringify(wish);
      if (pending.current?.wish !== text) pending.current = { wish: text, key: crypto.randomUUID() };
      return createGeneration(wish, pending.current.key);
    },
    onSuccess: (id) => {
      pending.current = null;
      setPrompt('');
      onCreated(id);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (prompt.trim() !== '' && !create.isPending) create.mutate({ prompt, model, size, count });
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
        className={`${field} mt-1 block w-full resize-y`}
        placeholder="a red bicycle in the rain"
      />
      <div className="mt-3 flex flex-wrap items-end gap-3">
        <label className="flex min-w-32 flex-1 flex-col text-sm">
          Model
          <select value={model} onChange={(event) => setModel(event.target.value)} className={field}>
            {choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        </label>
        <label className="flex flex-col text-sm">
          Size
          <select value={size} onChange={(event) => setSize(event.target.value)} className={field}>
            {sizes.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        </label>
        <label className="flex flex-col text-sm">
          Pictures
          <select value={count} onChange={(event) => setCount(Number(event.target.value))} className={field}>
            {[1, 2, 3, 4].map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        </label>
        <button
          type="submit"
          disabled={create.isPending || prompt.trim() === ''}
          className="rounded-md bg-red-800 px-5 py-2 font-medium text-white hover:bg-red-900 disabled:bg-stone-300 disabled:text-stone-700 dark:disabled:bg-stone-700 dark:disabled:text-stone-300"
        >
          {create.isPending ? 'Asking …' : 'Generate'}
        </button>
      </div>
      {create.error && (
        <p role="alert" className="mt-3 text-sm text-red-800 dark:text-red-300">
          {create.error.message} Your request can be sent again; it will not be made twice.
        </p>
      )}
    </form>
  );
}
